"""Tables, colours and JSON on stdout, and what several commands say of an artefact's verdict."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.manifest import Manifest, Verification
from exporter.verify.figures import error_text, ms_per_frame, task_metric, worst
from exporter.verify.verdict import Verdict

GOOD, BAD, UNKNOWN = "green", "bold red", "yellow"
COLOURS = {
    "passed": GOOD,
    "failed": BAD,
    "not executed": UNKNOWN,
    "not covered": UNKNOWN,
    "not taken": UNKNOWN,
    "open": UNKNOWN,
    "better": GOOD,
    "worse": BAD,
    "error": BAD,
    "warning": UNKNOWN,
    "info": "default",
}
"""Of a word that says how something turned out"""


def stdout() -> Console:
    """Return the console that results are printed to."""
    # Tables in a pipe keep their columns: 80 characters, rich's default there, would fold them.
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, markup=False, highlight=False, width=width)


def print_json(content: object) -> None:
    print(json.dumps(content, indent=2, default=_plain, allow_nan=False))


def _plain(value: object) -> object:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Columns whose name ends in ">" are set flush right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    stdout().print(table)


def coloured(word: str) -> Text:
    """A word that says how something turned out, in its colour."""
    return Text(word, COLOURS[word])


def first_few(names: Sequence[str], count: int = 3) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def print_artifacts(manifest: Manifest) -> None:
    """One row an artefact: what it is, how far it is from PyTorch, who says so; below, what a verdict leaves open."""
    print_table(
        ("format", "graph", "MB>", "precision", "delegated>", "error>", "task metric>", "result"),
        (
            (
                artifact.format,
                artifact.graph,
                f"{artifact.bytes / 1e6:.1f}",
                artifact.precision,
                f"{artifact.delegation.operators:.0%}" if artifact.delegation else "–",
                *error_and_task_metric(artifact.verification),
                _result(artifact.verification),
            )
            for artifact in manifest.artifacts
        ),
    )
    for artifact in manifest.artifacts:
        if artifact.verification.status != "passed" or artifact.verification.left_out:
            stdout().print(
                f"{manifest.label(artifact.variant)} {artifact.graph}: {artifact.verification.detail}", soft_wrap=True
            )


def print_rollouts(manifest: Manifest) -> None:
    """Whether a tracker's artefacts, variant by variant, follow an object as PyTorch does."""
    if not manifest.rollouts:
        return
    stdout().print()
    ran = [rollout for rollout in manifest.rollouts if rollout.mask_iou]
    print_table(
        ("format", "frames>", "least mask IoU>", "worst logit>", "ms a frame here>", "result"),
        (
            (
                manifest.label(rollout.variant),
                len(rollout.mask_iou),
                f"{min(rollout.mask_iou):.4f}",
                "not finite" if None in rollout.max_abs else f"{max(d for d in rollout.max_abs if d is not None):.1e}",
                f"{ms_per_frame(rollout):.0f}" if rollout.ms else "–",
                coloured(rollout.status),
            )
            for rollout in ran
        ),
    )
    for rollout in manifest.rollouts:
        if rollout.status != "passed" or rollout.left_out:
            stdout().print(f"{manifest.label(rollout.variant)}: {rollout.detail}", soft_wrap=True)


def print_verdict(whole: Verdict) -> None:
    """Print what a verdict says of a bundle as a whole, in its colour."""
    stdout().print(f"\n{whole.sentence}", style=COLOURS[whole.outcome], soft_wrap=True)


def error_and_task_metric(verification: Verification) -> tuple[str, str]:
    """Both figures of the output that is farthest off, as text; a dash where there is none."""
    parity = worst(verification)
    if parity is None:
        return "–", "–"
    return error_text(parity.relative), str(task_metric(parity, verification.tolerance) or "–")


def _result(verification: Verification) -> Text:
    runtime = f", {verification.runtime}" if verification.runtime else ""
    return Text.assemble(coloured(verification.status), runtime)
