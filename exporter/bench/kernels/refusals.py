"""Kernels of which a toolchain made nothing, or that did not run: they are tried again once all others are done."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from latency_db.kernel import Kernel


@dataclass(frozen=True)
class Refusals:
    """A file with a line of JSON for each, which only grows."""

    file: Path

    @property
    def keys(self) -> set[str]:
        """Of the kernels"""
        found = set[str]()
        if self.file.exists():
            for line in self.file.read_text(errors="replace").splitlines():
                with suppress(ValueError, TypeError, KeyError):  # one that was cut short
                    found.add(str(json.loads(line)["key"]))
        return found

    def add(self, kernel: Kernel, why: str) -> None:
        with self.file.open("a") as lines:
            lines.write(json.dumps({"key": kernel.key, "why": why}) + "\n")
