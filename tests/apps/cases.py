"""The cases that every app passes, `apps/cases.json`, held against the reports of the apps' own tests."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

APPS = {"web": "Web", "android": "Android", "ios": "iOS"}
"""Folder of an app -> its name in the table"""

SOURCES = Path(__file__).parents[2] / "apps"
_FILE = SOURCES / "cases.json"
_README = SOURCES / "README.md"
_BEGIN, _END = "<!-- cases -->\n", "<!-- /cases -->\n"


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    apps: tuple[str, ...]
    """Of which it is asked"""


Report = Mapping[str, bool]
"""Key of each test of an app -> whether it passed; one that was skipped did not"""


def cases() -> list[Case]:
    """In their order."""
    found = []
    for group, entries in json.loads(_FILE.read_text()).items():
        for entry in entries:
            known = {"case": entry} if isinstance(entry, str) else entry
            found.append(Case(group, known["case"], tuple(known.get("apps", APPS))))
    return found


def key(name: str) -> str:
    """A test's name, or a case's, as languages spell it alike: a Swift function has no spaces."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def report(outcomes: Iterable[tuple[str, bool]]) -> Report:
    """Of (name, whether it passed); a name that stands for several tests passed if all of them did."""
    found = dict[str, bool]()
    for name, passed in outcomes:
        found[key(name)] = passed and found.get(key(name), True)
    return found


def missing(app: str, report: Report) -> list[str]:
    """Cases that an app has no test of, or whose test did not pass."""
    return [case.name for case in cases() if app in case.apps and not report.get(key(case.name))]


def written_table() -> str:
    """That of `apps/README.md`."""
    return _README.read_text().split(_BEGIN)[1].split(_END)[0]


def write_table(text: str) -> None:
    """Put another in its place."""
    before, rest = _README.read_text().split(_BEGIN)
    _README.write_text(before + _BEGIN + text + _END + rest.split(_END)[1])


def table(reports: Mapping[str, Report]) -> str:
    """Markdown: what each app passed."""
    lines = [f"| case | {' | '.join(APPS.values())} |", f"|---|{'---|' * len(APPS)}"]
    group = None
    for case in cases():
        if case.group != group:
            group = case.group
            lines.append(f"| **{group}** |{' |' * len(APPS)}")
        marks = [("✓" if reports[app].get(key(case.name)) else "✗") if app in case.apps else "–" for app in APPS]
        lines.append(f"| {case.name} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"
