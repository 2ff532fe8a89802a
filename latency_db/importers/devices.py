"""Devices by the names that files have for them."""

from __future__ import annotations

import re

from device_profiles.browser import browser_id
from latency_db.device_ids import device_id
from latency_db.measurement import Device


def device(name: str, soc: str = "", browser: str = "") -> Device:
    """By its profile's id, or by its name in small letters where no profile could be meant.

    In a browser, such as "Chrome 140", it is a device apart: runtimes that are built to WebAssembly say nothing of the
    device's own.
    """
    id = re.sub(r"[^a-z0-9_]+", "_", device_id(name).lower()).strip("_")
    return Device(browser_id(browser, id) if browser else id, soc)
