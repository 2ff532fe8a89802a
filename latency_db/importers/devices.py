"""Devices by the names that files have for them."""

from __future__ import annotations

from device_profiles.browser import as_id, browser_id
from latency_db.device_ids import device_id
from latency_db.measurement import Device


def device(name: str, soc: str = "", browser: str = "") -> Device:
    """By its profile's id, or by its name in small letters where no profile could be meant.

    In a browser, such as "Chrome 140", it is a device apart: runtimes that are built to WebAssembly say nothing of the
    device's own. Raises `ValueError` for names of which no id can be made.
    """
    id = as_id(device_id(name))
    if not id:
        raise ValueError(f"'{name}' has no letter from a to z and no digit to know a device by: write its name in such")
    return Device(browser_id(browser, id) if browser else id, soc)
