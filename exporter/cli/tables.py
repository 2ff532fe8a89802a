"""Lines, tables, colours and JSON on stdout, and what several commands say of an artefact's verdict.

Nothing else prints there, so no text of others gets there as it is.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.manifest import Manifest, Verification
from exporter.printable import printable
from exporter.verify.figures import error_text, ms_per_frame, task_metric, worst
from exporter.verify.shortfalls import least_sqnr, shortfalls, speed_of
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


def print_line(*pieces: object, style: str = "") -> None:
    """One line, however long; its pieces may be `coloured`."""
    _print(Text.assemble(*map(_text, pieces)), style, soft_wrap=True)


def print_json(content: object) -> None:
    """In ASCII, whatever is in it."""
    print(json.dumps(content, indent=2, default=_plain, allow_nan=False), flush=True)


def _plain(value: object) -> object:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Columns whose name ends in ">" are set flush right."""
    table = Table(title=title and _text(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.endswith(">") else "left"
        table.add_column(_text(column.rstrip(">")), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(_text, row))
    _print(table)


def coloured(word: str) -> Text:
    """A word that says how something turned out, in its colour."""
    return Text(word, COLOURS[word])


def _text(piece: object) -> Text:
    """What is printed of a piece; text that is not of this module's making is made fit for it."""
    return piece if isinstance(piece, Text) else Text(printable(piece))


def _print(content: Text | Table, style: str = "", soft_wrap: bool = False) -> None:
    # Tables in a pipe keep their columns: 80 characters, rich's default there, would fold them.
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    with console.capture() as rendered:  # of a pipe that nobody reads any more, rich would make exit code 1
        console.print(content, style=style, soft_wrap=soft_wrap)
    print(rendered.get(), end="", flush=True)


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
            print_line(f"{manifest.label(artifact.variant)} {artifact.graph}: {artifact.verification.detail}")


def print_rollouts(manifest: Manifest) -> None:
    """Whether a tracker's artefacts, variant by variant, follow objects as PyTorch does."""
    if not manifest.rollouts:
        return
    print_line()
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
    for precision, least in {one.precision: one.tolerance.least_union for one in ran}.items():
        if least:
            print_line(f"In {precision} the union of two masks counts as at least {100 * least:g} % of the frame.")
    for rollout in manifest.rollouts:
        if rollout.status != "passed" or rollout.left_out:
            print_line(f"{manifest.label(rollout.variant)}: {rollout.detail}")


def print_compressions(manifest: Manifest) -> None:
    """What each variant of fewer bits gains on the format's full precision, and what it loses."""
    if not manifest.compressions:
        return
    print_line()
    print_table(
        ("fewer bits", "size>", "speed here>", "SQNR>", "beside"),
        (
            (
                f"{one.format} {one.precision}",
                f"{one.size:.2f} ×",
                "–" if (speed := speed_of(manifest, one)) is None else f"{speed:.2f} ×",
                "–" if (ratio := least_sqnr(manifest, one)) is None else f"{ratio:.1f} dB",
                one.full,
            )
            for one in manifest.compressions
        ),
    )


def print_shortfalls(manifest: Manifest) -> None:
    """Where fewer bits do not pay, or cost too much."""
    for sentence in shortfalls(manifest):
        print_line(sentence, style=UNKNOWN)


def print_verdict(whole: Verdict) -> None:
    """Print what a verdict says of a bundle as a whole, in its colour."""
    print_line()
    print_line(whole.sentence, style=COLOURS[whole.outcome])


def error_and_task_metric(verification: Verification) -> tuple[str, str]:
    """Both figures of the output that is farthest off, as text; a dash where there is none."""
    parity = worst(verification)
    if parity is None:
        return "–", "–"
    return error_text(parity.relative), str(task_metric(parity, verification.tolerance) or "–")


def _result(verification: Verification) -> Text:
    runtime = f", {verification.runtime}" if verification.runtime else ""
    return Text.assemble(coloured(verification.status), _text(runtime))
