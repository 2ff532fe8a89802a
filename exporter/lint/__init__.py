"""Static rules over programs and artefacts: what may go wrong on the device though all agrees here.

`rules.toml` holds the rules, `findings` puts them to what `subject.py` describes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from exporter.lint.rules import Rule, rules
from exporter.lint.subject import Place, Subject
from exporter.manifest import Finding, Variant

_SEVERITIES = ("error", "warning", "info")


def findings(subjects: Iterable[Subject]) -> tuple[Finding, ...]:
    """What the rules find, worst first; `subjects` may show a graph in a variant before lowering, after it, or both."""
    by_graph: dict[tuple[Variant, str], dict[str, Subject]] = {}
    for subject in subjects:
        by_graph.setdefault((subject.variant, subject.graph), {})[subject.stage] = subject
    return worst_first(
        _finding(rule, seen, places)
        for stages in by_graph.values()
        for rule in rules()
        if (seen := _looked_at(rule, stages)) and (places := list(rule.check(seen)))
    )


def worst_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the order of their severity."""
    return tuple(sorted(found, key=lambda one: _SEVERITIES.index(one.severity)))


def _looked_at(rule: Rule, stages: dict[str, Subject]) -> Subject | None:
    """The last of the rule's stages that is at hand and readable, if the rule is about its format and precision."""
    at_hand = [stages[stage] for stage in rule.stages if stage in stages]
    if len(at_hand) > 1 and not at_hand[-1].operations:  # nothing here reads this file's operators
        at_hand.pop()
    if not at_hand or at_hand[-1].format not in rule.formats or at_hand[-1].precision not in rule.precisions:
        return None
    return at_hand[-1]


def _finding(rule: Rule, subject: Subject, places: list[Place]) -> Finding:
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        **asdict(subject.variant),
        graph=subject.graph,
        seen_in=subject.stage,
        count=len(places),
        where=tuple(dict.fromkeys(place.where for place in places)),
        detail=places[0].detail,
        reason=rule.reason,
        advice=rule.advice,
        link=rule.link,
    )
