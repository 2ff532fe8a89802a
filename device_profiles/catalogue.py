"""Finds device profiles by name.

To add a device, add `data/<id>.toml`; nothing else lists the devices. An id starts with the product line
(`iphone`, `pixel`, `galaxy`), so that sorting by id keeps a vendor's devices together.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device_profiles.schema import Device

HOST = "host"


class UnknownDevice(LookupError):
    """No device has this name; the message names the three closest."""

    def __init__(self, name: str, closest: list[str]) -> None:
        self.closest = tuple(closest)
        first, second, third = closest
        super().__init__(
            f"there is no device '{name}': the closest are {first}, {second} and {third}, "
            "and `vitexport devices` lists them all"
        )


def names() -> list[str]:
    """The id of every device that has a file, in natural order: `pixel9` before `pixel10`."""
    return list(_names())


def all_devices() -> list[Device]:
    """Every device that has a file, in the order of `names()`; the host, found at run time, is not among them."""
    return [_read(device_id) for device_id in names()]


def load(name: str) -> Device:
    """The device of an id, a full name ("Samsung Galaxy S24"), an alias or its name in software ("iPhone16,1"), or, for
    "host", the machine at hand.

    The vendor may stand before any of them ("Apple iPhone XS"). Case, spaces, `-`, `_` and brackets are ignored. A
    browser is "browser", or "chrome_on_pixel8", of any name and on a device that need not have a profile. Raises
    `UnknownDevice`.
    """
    ids = _ids_by_spelling()
    spelling = _normalised(name)
    if spelling not in ids and (found := _browser(name)):
        return found
    if spelling not in ids:
        by_likeness = difflib.get_close_matches(spelling, ids, n=len(ids), cutoff=0.0)
        # A device has several spellings: take the three closest devices, not the three closest spellings.
        raise UnknownDevice(name, list(dict.fromkeys(ids[match] for match in by_likeness))[:3])
    if ids[spelling] == HOST:
        from device_profiles.host import read_host

        return read_host()
    return _read(ids[spelling])


def _browser(name: str) -> Device | None:
    """A browser on whatever device, if the name is one's."""
    from device_profiles.browser import browser, split_name

    found = split_name(name)
    if found is None:
        return None
    kind, on = found
    try:
        device = load(on) if on else None
    except UnknownDevice:
        device = None
    return browser(kind, device.id if device else on, device.name if device else on.replace("_", " "))


def _data() -> Traversable:
    return resources.files("device_profiles") / "data"


@functools.cache
def _names() -> tuple[str, ...]:
    ids = (file.name.removesuffix(".toml") for file in _data().iterdir() if file.name.endswith(".toml"))
    return tuple(sorted(ids, key=_natural_order))


@functools.cache
def _read(device_id: str) -> Device:
    from device_profiles.schema import Device

    text = (_data() / f"{device_id}.toml").read_text(encoding="utf-8")
    return Device.model_validate({"id": device_id, **tomllib.loads(text)})


@functools.cache
def _ids_by_spelling() -> dict[str, str]:
    """Every normalised spelling that `load` accepts: id and names, each with and without the vendor."""
    ids = {HOST: HOST}
    for device in all_devices():
        for name in (device.id, device.name, *device.aliases, *device.hardware):
            for spelling in (name, f"{device.vendor}{name}"):
                ids[_normalised(spelling)] = device.id
    return ids


def _normalised(name: str) -> str:
    return re.sub(r"[\s_()-]", "", name).casefold()


def _natural_order(device_id: str) -> list[str | int]:
    # The pattern splits at every number, so that text and numbers alternate and are never compared with each other.
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", device_id)]
