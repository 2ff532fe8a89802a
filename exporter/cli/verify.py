"""`vitexport verify`: a bundle's artefacts again, against PyTorch, an earlier bundle, or on another host."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from exporter.bench.provenance import provenance
from exporter.bundle import Bundle
from exporter.cli.group import COMMANDS
from exporter.cli.options import json_option, verbose_option
from exporter.cli.other_hosts import verify_elsewhere
from exporter.cli.progress import working
from exporter.cli.tables import (
    BAD,
    GOOD,
    coloured,
    print_artifacts,
    print_compressions,
    print_json,
    print_line,
    print_rollouts,
    print_shortfalls,
    print_table,
    print_verdict,
)
from exporter.exit_codes import FAILED
from exporter.manifest import Artifact, Manifest, Rollout, Verification
from exporter.verify.figures import by_output, error_text, psnr_text, task_metric
from exporter.verify.regression import Figure, Regression, compare_bundles, refuse_incomparable
from exporter.verify.shortfalls import shortfalls
from exporter.verify.verdict import Verdict, verdict

if TYPE_CHECKING:
    from exporter.backends.runner import Progress
    from exporter.verify.explain import Explanation


@click.command(help=COMMANDS["verify"])
@click.argument("bundle")
@click.option("--against", metavar="OLD", help="An earlier bundle of the model, than which BUNDLE must be no worse.")
@click.option("--explain", is_flag=True, help="Find the first operation at which a failed artefact leaves PyTorch.")
@click.option("--weights", metavar="FILE", help="For --explain: the checkpoint, if BUNDLE was made from a file.")
@click.option(
    "--arch",
    type=click.Choice(["arm64"]),
    help="Run TFLite and ONNX with the runtimes' arm64 builds; needs qemu-user-static.",
)
@click.option(
    "--gpu", is_flag=True, help="Run TFLite with LiteRT's GPU delegate; needs a Vulkan driver, such as Chromium's."
)
@click.option("--strict", is_flag=True, help="Exit 1 where fewer bits are too far from PyTorch, or were slower.")
@json_option
@verbose_option
def verify(
    bundle: str, against: str | None, explain: bool, weights: str | None, arch: str | None, gpu: bool, strict: bool,
    as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """Check what goes with what, and verify here or elsewhere."""
    if weights is not None and not explain:
        raise click.UsageError("--weights is for --explain: add it.")
    elsewhere = "--arch" if arch is not None else "--gpu" if gpu else None
    if elsewhere is not None and (against is not None or explain or strict):
        raise click.UsageError(f"{elsewhere} goes with none of --against, --explain and --strict: leave them out.")
    if arch is not None and gpu:
        raise click.UsageError("--gpu and --arch are other machines: leave one of them out.")
    opened = Bundle.open(bundle)
    if elsewhere is not None:
        failed = verify_elsewhere("arm64" if arch is not None else "gpu", opened, as_json, verbose).outcome != "passed"
    else:
        again = _verify_again(opened, Bundle.open(against) if against is not None else None, explain, weights, verbose)
        print_json(again.as_json()) if as_json else print_again(again, bundle, against)
        failed = again.failed or (strict and bool(shortfalls(again.measured)))
    if failed:
        sys.exit(FAILED)


@dataclass(frozen=True)
class VerifiedAgain:
    """What became of a bundle's artefacts when they were run again, here."""

    measured: Manifest
    """The bundle's, with the new results"""
    explained: Sequence[Explanation] | None
    """None if nobody asked"""
    regression: Regression | None
    """Against an earlier bundle; None if nobody asked"""

    @property
    def verdict(self) -> Verdict:
        return verdict(self.measured)

    @property
    def failed(self) -> bool:
        """Whether something is wrong, worse than before, or not proved."""
        return self.verdict.outcome != "passed" or (self.regression is not None and self.regression.worse > 0)

    def as_json(self) -> dict[str, object]:
        """What `--json` prints."""
        regression = self.regression
        return {
            "verdict": self.verdict,
            "artifacts": [
                {**asdict(one.variant), "graph": one.graph, **one.verification.model_dump()}
                for one in self.measured.artifacts
            ],
            "rollouts": [rollout.model_dump() for rollout in self.measured.rollouts],
            "provenance": provenance(),
            "explained": self.explained,
            "regression": regression and {**vars(regression), "worse": regression.worse},
        }


def _verify_again(
    bundle: Bundle, old: Bundle | None, explain: bool, weights: str | None, verbose: bool
) -> VerifiedAgain:
    if old is not None:
        old.check()
        refuse_incomparable(bundle.manifest, old.manifest)
    with working(verbose) as progress:
        from exporter.verify.artifact import verify_bundle

        known = None
        if explain:
            from exporter.verify.explain import explain_bundle, reference

            known = reference(bundle, weights)  # what cannot be explained is said before the work begins
        checked = verify_bundle(bundle, progress)
        rollouts = _followed(bundle, checked, progress)
        explained = explain_bundle(bundle, checked, known, progress) if known is not None else None
    measured = bundle.manifest.measured_again([verdict for _, verdict in checked], rollouts, provenance())
    return VerifiedAgain(measured, explained, compare_bundles(measured, old.manifest) if old is not None else None)


def _followed(
    bundle: Bundle, checked: Sequence[tuple[Artifact, Verification]], progress: Progress | None
) -> list[Rollout]:
    """A tracker's sequence again; nothing of a classifier, for which PyTorch need not be imported."""
    if bundle.manifest.sequence is None:
        return []
    from exporter.verify.sequence import roll_out_bundle

    return roll_out_bundle(bundle, checked, progress)


def print_again(again: VerifiedAgain, new: str, old: str | None) -> None:
    """Everything about the bundle `new`; what is compared was `old`."""
    print_artifacts(again.measured)
    print_parity(again.measured)
    print_rollouts(again.measured)
    print_compressions(again.measured)
    print_verdict(again.verdict)
    print_shortfalls(again.measured)
    if again.explained is not None:
        print_explained(again.explained, again.measured)
    if again.regression is not None and old is not None:
        print_regression(again.regression, new, old)


def print_parity(manifest: Manifest) -> None:
    """One row an output and format, so that the formats of one output stand beneath one another."""
    rows: list[tuple[object, ...]] = []
    graph = None
    for output in by_output(manifest.artifacts):
        for index, (artifact, parity) in enumerate(output.formats):
            rows.append(
                (
                    "" if output.graph == graph else output.graph,
                    "" if index else output.name,
                    artifact.format,
                    artifact.precision,
                    error_text(parity.max_abs),
                    error_text(parity.relative),
                    psnr_text(parity),
                    task_metric(parity, artifact.verification.tolerance) or "–",
                )
            )
            graph = output.graph
    if rows:
        print_line()
        print_table(
            ("graph", "output", "format", "precision", "max abs>", "relative>", "PSNR, dB>", "task metric>"), rows
        )


def print_explained(explained: Sequence[Explanation], measured: Manifest) -> None:
    """Where each artefact that failed leaves PyTorch, and which sequences failed though their graphs did not."""
    for one in explained:
        print_line(f"{one.format} {one.graph}, input {one.vector + 1}: {one.sentence}")
    lost = [measured.label(rollout.variant) for rollout in measured.rollouts if rollout.status == "failed"]
    for label in lost:
        if label not in [one.format for one in explained]:
            print_line(f"{label}: each graph agrees on its own; from frame to frame the errors add up.")
    if not explained and not lost:
        print_line("Nothing to explain: no artefact that ran disagrees with PyTorch.")


def print_regression(regression: Regression, new: str, old: str) -> None:
    """What became better or worse from the bundle `old` to the bundle `new`, and what may explain it."""
    print_line()
    changed = [change for change in regression.changes if change.standing != "same"]
    if changed:
        print_table(
            ("format", "graph", "figure", "old>", "new>", "may be", "verdict"),
            (
                (
                    change.format,
                    change.graph or "all, following objects",
                    change.metric,
                    _figure(change.old),
                    _figure(change.new),
                    change.limit,
                    coloured(change.standing),
                )
                for change in changed
            ),
        )
    print_line(f"The same: {_figures(len(regression.changes) - len(changed))}.")
    for note in regression.notes:
        print_line(f"Note: {note}.")
    if regression.worse:
        print_line(f"{new} is worse than {old} in {_figures(regression.worse)}.", style=BAD)
    else:
        print_line(f"{new} is no worse than {old}.", style=GOOD)


def _figures(count: int) -> str:
    return "1 figure" if count == 1 else f"{count} figures"


def _figure(value: Figure) -> str:
    """Counts in full, measures to four digits."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else f"{value:,}"
