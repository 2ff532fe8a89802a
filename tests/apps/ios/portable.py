"""Which of the app's sources need no Apple framework, and what stands in for those that do."""

import re
from pathlib import Path

from tests.apps.ios.project import SOURCES

FILES = sorted(SOURCES.rglob("*.swift"))

WITHOUT_APPLE = {"ExecuTorch", "Foundation", "Observation", "TrackerCore"}

APPLES_FOUNDATION = {"DeviceWatch.swift", "Sharing.swift"}
"""What these ask for, Foundation has on Apple's systems only."""

STAND_INS = Path(__file__).parent / "stand_ins.swift"
EXECUTORCH = Path(__file__).parent / "executorch.swift"


def imports(file: Path) -> set[str]:
    return set(re.findall(r"^(?:@preconcurrency )?import (\w+)", file.read_text(), re.MULTILINE))


PORTABLE = [
    file
    for file in FILES
    if imports(file) <= WITHOUT_APPLE and file.name not in APPLES_FOUNDATION and file.name != "Runtimes.swift"
]
