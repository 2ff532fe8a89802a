"""A browser as a target, alone or on a device: `browser`, `chrome_on_pixel8`.

It runs artefacts by runtimes of its own, built to WebAssembly, and tells of its device next to nothing. So it is a
device apart, of which no fact of the hardware is stated: what a phone's own runtime takes says nothing of its browser.
"""

from __future__ import annotations

import re

from device_profiles.schema import Cluster, Device, Isa, OperatingSystem, Preference, Sources
from device_profiles.vocabulary import ComputeUnit

BROWSERS = {
    "browser": "A browser",
    "chrome": "Chrome",
    "chromium": "Chromium",
    "edge": "Edge",
    "firefox": "Firefox",
    "opera": "Opera",
    "safari": "Safari",
    "samsung_internet": "Samsung Internet",
}
"""Id -> name"""

RUNS: dict[str, tuple[ComputeUnit, ...]] = {"tflite": ("cpu",), "onnx": ("cpu", "gpu")}
"""Format -> where the web app's runtime of it runs it, the preferred first"""

_RUNTIMES = "both runtimes of the web app need it"


def split_name(name: str) -> tuple[str, str] | None:
    """The ids of a browser and what it is on ("" where nothing is said): ("chrome", "pixel8"); None of no browser."""
    words = "|".join(sorted(BROWSERS, key=len, reverse=True))
    found = re.fullmatch(rf"({words})(?:_on_([a-z0-9_]+))?", re.sub(r"[\s-]+", "_", name.strip()).casefold())
    return (found[1], found[2] or "") if found else None


def browser_id(browser: str, on: str) -> str:
    """Of a browser by its name, with or without a version, on a device with this id: "chrome_on_pixel8"."""
    found = [id for id in BROWSERS if re.sub(r"[\s-]+", "_", browser.strip()).casefold().startswith(id)]
    return f"{found[0] if found else 'browser'}_on_{on}"


def browser(id: str, on: str, on_name: str) -> Device:
    """The profile of a browser, on a device with this id and name, or wherever it is ("")."""
    return Device(
        id=f"{id}_on_{on}" if on else id,
        name=f"{BROWSERS[id]} on {on_name}" if on else BROWSERS[id],
        platform="browser",
        cpu=(Cluster(tier="big", count=1, note="browsers do not tell how many cores there are of which kind"),),
        isa=Isa(architecture="WebAssembly", features=("simd128",)),
        os=OperatingSystem(launch="WebAssembly 2"),
        prefer=Preference(
            formats=("tflite", "onnx"),
            precision="fp32",
            compute_unit="cpu",
            reason="What the web app runs: LiteRT.js and ONNX Runtime Web, in fp32.",
        ),
        sources=Sources(cpu="every device has one at the least", isa=_RUNTIMES, os_launch=_RUNTIMES),
    )
