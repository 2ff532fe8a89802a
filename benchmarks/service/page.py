"""The page of figures: each benchmark has a section of its own, and leaves those of the others as they are."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.page import machine

PAGE = Path(__file__).parents[2] / "docs/service_measured.md"
_TITLE = "# The latency service, measured\n\nBy `python -m benchmarks.service`, of [the service](service.md).\n"
_HEADING = "\n## "


def section(title: str, text: str, write: bool) -> None:
    """Print a section, and write it into the page in place of the old one, if that is asked for."""
    load = f"{machine()} Load of the machine meanwhile: {os.getloadavg()[0]:.1f}."
    made = f"{title}\n\n{text.strip()}\n\n{load}\n"
    print(f"## {made}")
    if not write:
        return
    _, *old = PAGE.read_text().split(_HEADING) if PAGE.exists() else [""]
    others = {one.partition("\n")[0]: one for one in old}
    sections = [f"{others[name].strip()}\n" for name in others if name != title]
    PAGE.write_text(_HEADING.join([_TITLE, *sorted([*sections, made])]))


def table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """In Markdown; the first column is of words, the others are of numbers."""
    lines = [columns, ("---", *("---:",) * (len(columns) - 1)), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
