"""Which formats run on which platforms: Apple's on its own systems alone, and a browser runs what the web app does."""

from __future__ import annotations

from device_profiles.browser import RUNS
from device_profiles.schema import Platform

APPLES: dict[str, str] = {"coreml": "Core ML", "coreai": "Core AI"}
"""Format, and runtime, of Apple's -> its name"""

_OF_APPLE: tuple[Platform, ...] = ("ios", "host")
"""The host may be a Mac, and elsewhere interpreters stand for both runtimes."""


def runs(format: str, platform: Platform) -> bool:
    """Whether there is anything on a platform that runs a format, be its system new enough or not."""
    if platform == "browser":
        return format in RUNS
    return platform in _OF_APPLE or format not in APPLES
