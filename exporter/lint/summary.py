"""Findings as people read them, in the terminal and in the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from exporter.manifest import Finding, Severity, Variant

_WORDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def by_rule(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Join the findings of one rule in one variant, whatever graph they are in."""
    groups: dict[tuple[str, Variant], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.variant), []).append(finding)
    return list(groups.values())


def counted(findings: Sequence[Finding]) -> str:
    """How many there are, as "2 errors, 1 warning and 3 notes", counting a rule once for each variant."""
    counts = Counter(same[0].severity for same in by_rule(findings))
    parts = [f"{counts[key]} {word}{'s' if counts[key] > 1 else ''}" for key, word in _WORDS.items() if counts[key]]
    *head, last = parts or ["No finding"]
    return f"{', '.join(head)} and {last}" if head else last
