"""What a search found out and did, a line of JSON each; by which one that was killed goes on where it was.

A search is deterministic but for what it looks up: accuracies and measured times. Begun again, it finds those here, and
so takes the same steps as before, at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from exporter.slim.architecture import Architecture

EVENTS = ("step", "undone")
"""Kinds of lines that nothing is looked up in"""


class History:
    """The lines of one file; those that a kill cut short are left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[tuple[str, str], float] = {}
        self._events: list[Mapping[str, Any]] = []
        """As they were read, of which this search has come to the first `_place`"""
        self._place = 0
        for line in _lines(path):
            if line["kind"] in EVENTS:
                self._events.append(line)
            else:
                self._found[line["kind"], line["architecture"]] = line["value"]

    def known(self, kind: str, architecture: Architecture) -> float | None:
        """What was found out before, if it was."""
        return self._found.get((kind, name_of(architecture)))

    def found(self, kind: str, architecture: Architecture, value: float) -> float:
        """Write what was found out, and return it."""
        self._found[kind, name_of(architecture)] = value
        self._write({"kind": kind, "architecture": name_of(architecture), "value": value})
        return value

    def remembered(self, kind: str, ask: Callable[[Architecture], float]) -> Callable[[Architecture], float]:
        """Like `ask`, which is not asked again for what was found out before."""

        def answer(architecture: Architecture) -> float:
            known = self.known(kind, architecture)
            return self.found(kind, architecture, ask(architecture)) if known is None else known

        return answer

    def event(self, kind: Literal["step", "undone"], number: int, line: Mapping[str, Any]) -> None:
        """Write a step of a search, or that it is undone, unless it is there: the n-th as the n-th."""
        whole = json.loads(json.dumps({"kind": kind, "number": number, **line}))
        if self._events[self._place : self._place + 1] == [whole]:
            self._place += 1
        else:
            del self._events[self._place :]  # what comes is another search
            self._write(whole)

    def _write(self, line: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def name_of(architecture: Architecture) -> str:
    """One text for each architecture."""
    return json.dumps(asdict(architecture), separators=(",", ":"))


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]
