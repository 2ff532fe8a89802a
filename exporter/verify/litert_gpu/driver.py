"""Which Vulkan driver the GPU delegate runs on, and what the delegate says of it and of a graph."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from exporter.errors import DriverError

VARIABLES = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")
"""Where Vulkan's loader looks for a driver's description, new name first"""

SWIFTSHADER = "vk_swiftshader_icd.json"
"""A driver that computes on the CPU, which comes with Chromium"""

CHROMIUM = Path("/usr/lib/chromium")

INSTALL = "apt-get install chromium libvulkan1"


def environment(chromium: Path = CHROMIUM) -> dict[str, str]:
    """This process's, with a Vulkan driver: the user's own, or Chromium's; raises `DriverError` if there is none."""
    if any(os.environ.get(variable) for variable in VARIABLES):
        return dict(os.environ)
    program = shutil.which("chromium")
    folders = [chromium, *([Path(program).resolve().parent] if program else [])]
    for description in (folder / SWIFTSHADER for folder in folders):
        if description.is_file():
            return {**os.environ, "VK_ICD_FILENAMES": str(description)}
    raise DriverError(
        f"LiteRT's GPU delegate needs a Vulkan driver, such as Chromium's: {INSTALL}, or name one in {VARIABLES[0]}."
    )


def adapter(log: str) -> str | None:
    """What the delegate runs on, in its words; None if it says nothing."""
    found = re.search(r"Selected adapter: ([^\n]*)", log)
    return found[1].strip() if found else None


def refuse_no_adapter(log: str) -> None:
    """Raises `DriverError` if the loader or the delegate took no driver."""
    if "No adapters found" in log:
        named = ", ".join(f"{name}={os.environ[name]}" for name in VARIABLES if os.environ.get(name))
        raise DriverError(
            "LiteRT's GPU delegate takes no Vulkan driver of this machine"
            + (f" ({named}): name one that it takes" if named else f": {INSTALL}")
            + "."
        )


def rejected(log: str) -> str | None:
    """Which operators of a graph the delegate does not take and why, in its own words; None if it takes them all."""
    found = re.search(
        r"Following operations are not supported by GPU delegate:\n(.*?)\n\d+ operations will run", log, re.S
    )
    return "; ".join(line.strip().rstrip(".") for line in found[1].splitlines()) if found else None


def complaint(log: str) -> str | None:
    """The last error that the runtime logs."""
    errors = re.findall(r"^(?:ERROR: \[[^\]]*\]|E\d{4} [^\]]*\]) *(\S[^\n]*)", log, re.M)
    return errors[-1] if errors else None
