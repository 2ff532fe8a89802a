"""What was learned of one machine from kernels and graphs that were timed there, and the file that keeps it.

The file lies beside the database, and says nothing without the measured kernels themselves, which stay in there. It
names those that it was fitted to: what is measured later waits for the next fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from latency_db.operators.calibration import Calibration
from latency_db.operators.process import Fitted


@dataclass(frozen=True)
class Fit:
    """Of one machine under one version of a runtime, with so many threads."""

    soc: str
    runtime: str
    runtime_version: str
    threads: int
    classes: Mapping[str, Fitted]
    """Class of kernels -> its process"""
    calibration: Calibration
    kernels: tuple[str, ...]
    """Keys of those that it was fitted to"""
    call: float = 0.0
    """µs of a program that does next to nothing: it is in the time of each kernel that was timed alone, and within a
    graph only once. 0 where none was timed"""

    def __hash__(self) -> int:
        """Dictionaries have none: of what tells fits apart but for these."""
        return hash((self.soc, self.runtime, self.runtime_version, self.threads, self.kernels))


def fit_path(folder: Path, soc: str, runtime: str, runtime_version: str, threads: int) -> Path:
    """Where the fit of a machine is."""
    machine = hashlib.sha256(f"{soc}\n{runtime_version}".encode()).hexdigest()[:12]
    return folder / f"kernels-{machine}-{runtime}-{threads}.json"


def read_fit(folder: Path, soc: str, runtime: str, runtime_version: str, threads: int) -> Fit | None:
    """None where there is none, or it was made by another version of this program."""
    try:
        found = json.loads(fit_path(folder, soc, runtime, runtime_version, threads).read_text())
        classes = {name: Fitted(**values) for name, values in found.pop("classes").items()}
        calibration, kernels = Calibration(**found.pop("calibration")), tuple(found.pop("kernels"))
        return Fit(**found, classes=classes, calibration=calibration, kernels=kernels)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_fit(folder: Path, fit: Fit) -> Path:
    path = fit_path(folder, fit.soc, fit.runtime, fit.runtime_version, fit.threads)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(fit), indent=1) + "\n")
    unfinished.replace(path)
    return path
