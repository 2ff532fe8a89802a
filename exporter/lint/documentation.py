"""Writes docs/lint.md from the rules."""

from __future__ import annotations

from exporter.lint.neural_engine import NEURAL_ENGINE, ROWS
from exporter.lint.rules import rules

_INTRODUCTION = """# What the lint looks for

`vitexport lint MODEL --target DEVICE` captures a model and puts these rules to its programs; `vitexport lint BUNDLE`
puts them to a bundle's files too, and every export does both. Nothing is run. An *error* fails on the device, or
is silently wrong there; a *warning* costs speed or accuracy, or is wrong with some releases or in some graphs only; an
*info* is a prediction. The command exits 1 if there is an error; an export goes on, records what was found in the
manifest (`findings`) and shows it in the report. Where a rule looks at program and artefact, the artefact decides.
The target chooses the formats and the oldest iOS; whether an app will use the GPU or the Neural Engine is not asked.

Rules about half precision are for formats that have it here, Core ML and Core AI; what an app's GPU delegate rounds is
not looked at.

This page is made from `exporter/lint/rules.toml` by `make schema`.
"""

_PREDICTED = f"""
## What leaves the {NEURAL_ENGINE}

The rule `neural-engine` predicts the processor of every Core ML operation in half precision from these rows; the first
that applies decides, and what no row is about stays. Where Core ML's users contradict one another there is no row.
`MLComputePlan` and Xcode's performance report know.

| operators | predicted | where | source |
|---|---|---|---|
"""


def page() -> str:
    """Write the whole page as Markdown."""
    parts = [_INTRODUCTION]
    for rule in rules():
        where = " and ".join(
            {"program": "the captured program", "artifact": "the artefact"}[one] for one in rule.stages
        )
        only = f", {' and '.join(rule.precisions)} only" if len(rule.precisions) == 1 else ""
        parts.append(
            f"\n## `{rule.id}`: {rule.title}\n\n"
            f"*{rule.severity}*; {', '.join(rule.formats)}{only}; looks at {where}.\n\n"
            f"{rule.reason} {rule.advice} [{rule.link.removeprefix('https://')}]({rule.link})\n"
        )
    rows = [
        f"| {', '.join(f'`{kind}`' for kind in row.kinds) or 'all'} | {row.unit.upper()} "
        f"| {row.reason} | {row.source} |\n"
        for row in ROWS
    ]
    return "".join([*parts, _PREDICTED, *rows])
