"""Ids of device profiles for the names under which published tables have their devices."""

from __future__ import annotations

import re
from functools import lru_cache

import device_profiles


@lru_cache(maxsize=4096)  # a file has one name in thousands of lines, and an unknown one is compared with all
def device_id(name: str) -> str:
    """The id of a device profile for a published name, or the name as it stands where there is no such profile.

    Numbered iPhones have ids that follow from their names, a profile or not: they are near sisters that have one.
    """
    try:
        return device_profiles.load(name).id
    except device_profiles.UnknownDevice:
        numbered = re.fullmatch(r"(?:Apple )?iPhone (\d.*)", name)
        return f"iphone{numbered[1].lower().replace(' ', '_')}" if numbered else name
