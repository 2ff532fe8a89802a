"""Devices by the names that files have for them."""

from __future__ import annotations

import re

from latency_db.device_ids import device_id
from latency_db.measurement import Device


def device(name: str, soc: str = "") -> Device:
    """By its profile's id, or by its name in small letters where no profile could be meant."""
    return Device(re.sub(r"[^a-z0-9]+", "_", device_id(name).lower()).strip("_"), soc)
