"""`vitexport devices`: what can be exported for, and every fact of a device with its source."""

from __future__ import annotations

from collections.abc import Sequence

import click

import device_profiles
from device_profiles.facts import described
from device_profiles.schema import Device
from exporter.cli.group import COMMANDS
from exporter.cli.options import json_option
from exporter.cli.tables import print_json, print_line, print_table


@click.command(help=COMMANDS["devices"])
@click.argument("device", required=False)
@json_option
def devices(device: str | None, as_json: bool) -> None:
    """All devices in a table, or one in full."""
    if device is not None:
        profile = device_profiles.load(device)
        print_json(profile.model_dump(mode="json")) if as_json else print_device(profile)
        return
    profiles = device_profiles.all_devices()
    if as_json:
        print_json([profile.model_dump(mode="json") for profile in profiles])
    else:
        print_devices(profiles)


def print_devices(devices: Sequence[Device]) -> None:
    """One row a device; a fact that nobody looked up carries a `?`."""

    def cell(device: Device, fact: str, text: object) -> str:
        return "" if text is None else f"{text}{' ?' if fact in device.from_memory else ''}"

    print_table(
        ("device", "SoC", "NPU", "memory GB", "OS", "formats", "runs best in"),
        (
            (
                device.id,
                cell(device, "soc", device.soc),
                cell(device, "npu", device.npu and device.npu.name),
                cell(device, "memory", device.memory and device.memory.gb),
                cell(device, "os_launch", device.os.launch),
                ", ".join(device.prefer.formats),
                f"{device.prefer.precision} on {device.prefer.compute_unit}",
            )
            for device in devices
        ),
    )
    print_line()
    print_line("? from memory, not looked up. `vitexport devices DEVICE` lists every fact with its source.")


def print_device(device: Device) -> None:
    """Every fact of one device with its source."""
    rows = [(fact, value, source.replace("_", " ")) for fact, value, source in described(device)]
    print_table(("fact", "value", "source"), rows, title=f"{device.name} ({device.id})")
    prefer = device.prefer
    print_line()
    print_line(
        f"Prefers {', '.join(prefer.formats)}; {prefer.formats[0]} in {prefer.precision} "
        f"on the {prefer.compute_unit}. {prefer.reason}"
    )
