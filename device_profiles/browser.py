"""A browser as a target, alone or on a device: `browser`, `chrome_on_pixel8`.

It runs artefacts by runtimes of its own, built to WebAssembly, and tells of its device next to nothing. So it is a
device apart, of which no fact of the hardware is stated: what a phone's own runtime takes says nothing of its browser.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from device_profiles.catalogue import names
from device_profiles.schema import Device, Isa, OperatingSystem, Preference, Sources
from device_profiles.vocabulary import ComputeUnit

BROWSERS = {
    "browser": "A browser",
    "brave": "Brave",
    "chrome": "Chrome",
    "chromium": "Chromium",
    "edge": "Edge",
    "firefox": "Firefox",
    "opera": "Opera",
    "safari": "Safari",
    "samsung_internet": "Samsung Internet",
    "vivaldi": "Vivaldi",
}
"""Id -> name, of those that are known by their names alone; on a device any name is one"""

RUNS: dict[str, tuple[ComputeUnit, ...]] = {"tflite": ("cpu",), "onnx": ("cpu", "gpu")}
"""Format -> where the web app's runtime of it runs it, the preferred first"""

_RUNTIMES = "both runtimes of the web app need it"
_NEAR = 0.8
"""Likeness from which a name may be another one misspelt, as `difflib` has it: "pixle8" is 0.83 like "pixel8"."""


def as_id(name: str) -> str:
    """Letters and digits of a name as an id has them: "Foo _Bar (5G)" is foo_bar_5g. "" where it has none of them."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def split_name(name: str) -> tuple[str, str] | None:
    """The ids of a browser and what it is on ("" where nothing is said): ("chrome", "pixel8"); None of no browser."""
    browser, apart, on = as_id(name).partition("_on_")
    within, nested, _ = on.partition("_on_")
    if nested and within in BROWSERS:
        return None
    return (browser, on) if apart or browser in BROWSERS else None


def browser_id(browser: str, on: str) -> str:
    """Of a browser by its name, with or without a version, on a device with this id: "chrome_on_pixel8".

    One that is not listed keeps its name. Raises `ValueError` where no id can be made of them.
    """
    name = as_id(re.split(r"[\s/]+v?\d", browser.strip(), maxsplit=1)[0]).partition("_on_")[0]
    if not name:
        raise ValueError(f"'{browser}' has no letter from a to z to know a browser by: write its name in such")
    listed = [id for id in BROWSERS if re.match(rf"{id}(?![a-z])", name)]
    id = f"{listed[0] if listed else name}_on_{on}"
    if split_name(id) is None:
        raise ValueError(f"'{on}' is a browser already: name the device that it is on")
    return id


def meant(id: str) -> str | None:
    """The id of a browser on a device that may have been meant by a like one; None where no such name is listed."""
    browser, apart, on = id.partition("_on_")
    likely = f"{_nearest(browser, BROWSERS)}_on_{_nearest(on, names())}"
    return likely if apart and likely != id else None


def _nearest(name: str, listed: Collection[str]) -> str:
    return name if name in listed else next(iter(difflib.get_close_matches(name, listed, 1, _NEAR)), name)


def browser(id: str, on: str, on_name: str) -> Device:
    """The profile of a browser, on a device with this id and name, or wherever it is ("")."""
    name = BROWSERS.get(id, id.replace("_", " ").title())
    return Device(
        id=f"{id}_on_{on}" if on else id,
        name=f"{name} on {on_name}" if on else name,
        platform="browser",
        cpu=(),
        isa=Isa(architecture="WebAssembly", features=("simd128",)),
        os=OperatingSystem(launch="WebAssembly 2"),
        prefer=Preference(
            formats=("tflite", "onnx"),
            precision="fp32",
            compute_unit="cpu",
            reason="What the web app runs: LiteRT.js and ONNX Runtime Web, in fp32.",
        ),
        sources=Sources(isa=_RUNTIMES, os_launch=_RUNTIMES),
    )
