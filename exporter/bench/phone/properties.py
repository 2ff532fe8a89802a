"""What an Android device says of itself: which it is, and how warm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exporter.bench.phone.adb import Adb
from latency_db.measurement import Thermal

_THERMAL: tuple[Thermal, ...] = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""By the number that `dumpsys thermalservice` gives: `PowerManager.THERMAL_STATUS_…`, Android 10 and later"""

_NAMES = ("ro.product.marketname", "ro.config.marketing_name", "ro.vendor.oplus.market.name", "ro.product.model")
"""Properties with a device's name: those first that have the name that it is sold under, which few makers set"""
_CHIPS = (("ro.soc.manufacturer", "ro.soc.model"), ("ro.board.platform",), ("ro.hardware",))
"""The first that is there; Android 12 and later have the first"""
_VERSION = "ro.build.version.release"


@dataclass(frozen=True)
class Phone:
    model: str
    """Such as "Pixel 8", or "SM-S911B" where the maker gives no other name"""
    soc: str
    """"" where it does not say"""
    os: str
    """Such as "Android 14" """


def describe_phone(adb: Adb) -> Phone:
    """Raises `DeviceGone`."""
    names = [*_NAMES, *(name for chip in _CHIPS for name in chip), _VERSION]
    answer = adb.shell("; ".join(f"echo {name}=$(getprop {name})" for name in names)).text
    found = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    said = {name: " ".join(value.split()) for name, value in found.items()}
    model = next((said[name] for name in _NAMES if said.get(name)), "")
    chips = (" ".join(said.get(name, "") for name in chip).strip() for chip in _CHIPS)
    version = said.get(_VERSION, "")
    return Phone(
        model or "unknown", next(filter(None, chips), ""), f"Android {version}" if version[:1].isdigit() else ""
    )


def thermal_state(adb: Adb) -> Thermal | None:
    """None where the device does not say. Raises `DeviceGone`."""
    found = re.search(r"Thermal Status: (\d)", adb.shell("dumpsys thermalservice").text)
    number = int(found[1]) if found else len(_THERMAL)
    return _THERMAL[number] if number < len(_THERMAL) else None
