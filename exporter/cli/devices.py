"""`vitexport devices`: what can be exported for, and every fact of a device with its source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import click

import device_profiles
from device_profiles.facts import described
from device_profiles.schema import FROM_MEMORY, Device, Preference
from exporter.cli.group import COMMANDS
from exporter.cli.options import json_option
from exporter.cli.tables import print_json, print_line, print_table


@click.command(help=COMMANDS["devices"])
@click.argument("device", required=False)
@json_option
def devices(device: str | None, as_json: bool) -> None:
    """All devices in a table, and a browser, or one in full."""
    if device is not None:
        profile = device_profiles.load(device)
        print_json(profile.model_dump(mode="json")) if as_json else print_device(profile)
        return
    profiles = [*device_profiles.all_devices(), device_profiles.load("browser")]
    if as_json:
        print_json([profile.model_dump(mode="json") for profile in profiles])
    else:
        print_devices(profiles)


def print_devices(devices: Sequence[Device]) -> None:
    """One row a device, under what an export for it makes; a fact that nobody looked up carries a `?`."""

    def cell(device: Device, fact: str, text: str | None) -> str:
        return "" if text is None else f"{text}{' ?' if fact in device.from_memory else ''}"

    alike: defaultdict[str, list[Device]] = defaultdict(list)
    for device in devices:
        alike[_exports(device.prefer)].append(device)
    for exports, group in sorted(alike.items(), key=lambda item: -len(item[1])):
        print_line(f"An export makes {exports}:", style="bold")
        print_table(
            ("device", "SoC", "memory GB", "OS at launch"),
            (
                (
                    device.id,
                    cell(device, "soc", _family(device.soc) if device.soc else None),
                    cell(device, "memory", device.memory.gb if device.memory else None),
                    cell(device, "os_launch", device.os.launch),
                )
                for device in group
            ),
        )
        print_line()
    print_line("? from memory, not looked up. `vitexport devices DEVICE` lists every fact with its source.")


def _exports(prefer: Preference) -> str:
    """The formats of an export, the first with its precision: "coreml (fp16, for the npu), executorch, tflite"."""
    first, *others = prefer.formats
    return ", ".join([f"{first} ({prefer.precision}, for the {prefer.compute_unit})", *others])


def _family(soc: str) -> str:
    """A chip's name without part number and edition, so that 80 columns hold a row: "Snapdragon 8 Gen 2"."""
    return re.split(r" \(| for ", soc)[0]


def print_device(device: Device) -> None:
    """Every fact of one device with its source."""
    rows = [(fact, value, source.replace(FROM_MEMORY, "from memory")) for fact, value, source in described(device)]
    print_table(("fact", "value", "source"), rows, title=f"{device.name} ({device.id})")
    prefer = device.prefer
    print_line()
    print_line(
        f"Prefers {', '.join(prefer.formats)}; {prefer.formats[0]} in {prefer.precision} "
        f"on the {prefer.compute_unit}. {prefer.reason}"
    )
