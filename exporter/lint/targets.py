"""The check for artefacts that a target's system is too old for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exporter.lint.subject import Place, Subject


def newer_than_target(subject: Subject) -> Iterator[Place]:
    """Find an artefact that loads only on a newer system than the target's users may have."""
    needed = _version(subject.min_os)
    if needed is None or needed <= subject.min_ios:
        return
    newer = [one for one in subject.operations if (one.attributes.get("since") or 0) > subject.min_ios]
    for operation in newer:
        yield Place(operation.where, f"{operation.kind} needs iOS {operation.attributes['since']}")
    if not newer:
        yield Place(subject.graph, f"the file is for iOS {needed}, and the target may have iOS {subject.min_ios}")


def _version(system: str | None) -> int | None:
    """17 of "iOS17" or "iOS 17.2"."""
    found = re.search(r"\d+", system or "")
    return int(found.group()) if found else None
