"""How results look in a terminal: tables on stdout, progress on stderr."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.agreement import by_output, error_text, psnr_text, task_metric, worst
from exporter.backends import backend
from exporter.lint.summary import by_rule, counted
from exporter.verdict import Verdict, verdict

if TYPE_CHECKING:
    from device_profiles.schema import Device
    from exporter.arm64.results import OnArm64
    from exporter.bundle import Bundle
    from exporter.classify import Prediction
    from exporter.explain import Explanation
    from exporter.litert_gpu.results import OnGpu
    from exporter.manifest import Artifact, Finding, Rollout, Verification
    from exporter.regression import Regression
    from exporter.segment import Segmented
    from exporter.tracked import Tracked

_GOOD, _BAD, _UNKNOWN = "green", "bold red", "yellow"
_COLOURS = {
    "passed": _GOOD,
    "failed": _BAD,
    "not executed": _UNKNOWN,
    "not covered": _UNKNOWN,
    "not taken": _UNKNOWN,
    "open": _UNKNOWN,
    "better": _GOOD,
    "worse": _BAD,
    "error": _BAD,
    "warning": _UNKNOWN,
    "info": "default",
}


def print_json(content: Any) -> None:
    print(json.dumps(content, indent=2, default=_plain, allow_nan=False))


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Columns whose name ends in ">" are set flush right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    _stdout().print(table)


def print_bundle(bundle: Bundle) -> None:
    """What an export made."""
    manifest = bundle.manifest
    console = _stdout()
    model, weights = manifest.model, manifest.weights
    console.print(
        f"{model.name} at {model.image_size} px for {manifest.target.name}, "
        f"{model.parameters / 1e6:.2f} M parameters, weights: {weights.source}\n"
    )
    print_verdicts(manifest.artifacts)
    print_rollouts(manifest.rollouts)
    print_verdict(verdict(manifest))
    if manifest.findings:
        console.print(
            f"On the device: {counted(manifest.findings)}; `vitexport lint {bundle.path}` explains them.",
            soft_wrap=True,
        )
    for finding in manifest.findings:
        if finding.severity == "error":
            console.print(
                f"{finding.format} {finding.graph}: {finding.detail}. {finding.reason}", style=_BAD, soft_wrap=True
            )
    console.print()
    for warning in manifest.warnings:
        console.print(warning, style="yellow", soft_wrap=True)
    console.print(f"Bundle  {bundle.path}\nReport  {bundle.path / 'report.html'}", soft_wrap=True)


def print_verdicts(artifacts: Sequence[Artifact]) -> None:
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
                *_parity(artifact.verification),
                _result(artifact.verification),
            )
            for artifact in artifacts
        ),
    )
    for artifact in artifacts:
        if artifact.verification.status != "passed" or artifact.verification.left_out:
            _stdout().print(f"{artifact.format} {artifact.graph}: {artifact.verification.detail}", soft_wrap=True)


def print_parity(artifacts: Sequence[Artifact]) -> None:
    """One row an output and format, so that the formats of one output stand beneath one another."""
    rows: list[tuple[object, ...]] = []
    graph = None
    for output in by_output(artifacts):
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
        _stdout().print()
        print_table(
            ("graph", "output", "format", "precision", "max abs>", "relative>", "PSNR, dB>", "task metric>"), rows
        )


def print_verdict(whole: Verdict) -> None:
    """One sentence about a bundle as a whole."""
    _stdout().print(f"\n{whole.sentence}", style=_COLOURS[whole.outcome], soft_wrap=True)


def print_findings(findings: Sequence[Finding]) -> None:
    """One paragraph a rule and format: what was found, in which graphs, why it matters and what to do."""
    console = _stdout()
    for same in by_rule(findings):
        first = same[0]
        graphs = ", ".join(f"{one.graph} ×{one.count}" if one.count > 1 else one.graph for one in same)
        console.print(
            Text.assemble((first.severity, _COLOURS[first.severity]), f"  {first.rule}, {first.format}: {graphs}")
        )
        if first.severity == "info":
            for one in same:
                console.print(f"  {one.graph}: {one.detail}", soft_wrap=True)
        else:
            where = list(dict.fromkeys(place for one in same for place in one.where))
            console.print(f"  {first.detail}, in {_first(where)}", soft_wrap=True)
        console.print(f"  {first.reason} {first.advice}\n  {first.link}", soft_wrap=True, style="dim")


def print_lint_verdict(findings: Sequence[Finding], whole: bool) -> None:
    """One sentence: how many findings of each severity; `whole` if artefacts were looked at too."""
    console = _stdout()
    console.print(f"\n{counted(findings)}.", style=_COLOURS[findings[0].severity] if findings else _GOOD)
    if not whole:
        console.print("Of the captured programs: what only a lowered file shows, `vitexport lint BUNDLE` finds.")


def print_explained(explained: Sequence[Explanation], lost: Sequence[Rollout]) -> None:
    """Where each artefact that failed leaves PyTorch; `lost` are the sequences that failed."""
    console = _stdout()
    for one in explained:
        console.print(f"{one.format} {one.graph}, input {one.vector + 1}: {one.sentence}", soft_wrap=True)
    for rollout in lost:
        if rollout.format not in [one.format for one in explained]:
            console.print(f"{rollout.format}: each graph agrees on its own; from frame to frame the errors add up.")
    if not explained and not lost:
        console.print("Nothing to explain: no artefact that ran disagrees with PyTorch.")


def print_regression(regression: Regression, new: str, old: str) -> None:
    """What became better or worse from the bundle `old` to the bundle `new`, and what may explain it."""
    console = _stdout()
    console.print()
    changed = [change for change in regression.changes if change.standing != "same"]
    if changed:
        print_table(
            ("format", "graph", "figure", "old>", "new>", "may be", "verdict"),
            (
                (
                    change.format,
                    change.graph or "all, following an object",
                    change.metric,
                    _figure(change.old),
                    _figure(change.new),
                    change.limit,
                    Text(change.standing, _COLOURS[change.standing]),
                )
                for change in changed
            ),
        )
    console.print(f"The same: {_figures(len(regression.changes) - len(changed))}.")
    for note in regression.notes:
        console.print(f"Note: {note}.", soft_wrap=True)
    if regression.worse:
        console.print(f"{new} is worse than {old} in {_figures(regression.worse)}.", style=_BAD, soft_wrap=True)
    else:
        console.print(f"{new} is no worse than {old}.", style=_GOOD, soft_wrap=True)


def _figures(count: int) -> str:
    return "1 figure" if count == 1 else f"{count} figures"


def _figure(value: float | str | None) -> str:
    """Counts in full, measures to four digits."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else f"{value:,}"


def print_rollouts(rollouts: Sequence[Rollout]) -> None:
    """Whether a tracker's artefacts, format by format, follow an object as PyTorch does."""
    if not rollouts:
        return
    _stdout().print()
    ran = [rollout for rollout in rollouts if rollout.mask_iou]
    print_table(
        ("format", "frames>", "least mask IoU>", "worst logit>", "ms a frame here>", "result"),
        (
            (
                rollout.format,
                len(rollout.mask_iou),
                f"{min(rollout.mask_iou):.4f}",
                "not finite" if None in rollout.max_abs else f"{max(d for d in rollout.max_abs if d is not None):.1e}",
                f"{rollout.ms['encode_image'] + rollout.ms['track_step']:.0f}" if rollout.ms else "–",
                Text(rollout.status, _COLOURS[rollout.status]),
            )
            for rollout in ran
        ),
    )
    for rollout in rollouts:
        if rollout.status != "passed" or rollout.left_out:
            _stdout().print(f"{rollout.format}: {rollout.detail}", soft_wrap=True)


def print_arm64(found: OnArm64) -> None:
    """One row an artefact and core: how far it is from the same artefact here, and from PyTorch; below, why not."""
    console = _stdout()

    print_table(
        ("format", "graph", "core", "inputs>", f"from {found.host}>", "from PyTorch>", "result"),
        (
            (
                one.format,
                one.graph,
                one.core or "–",
                _compared(one.against_pytorch)[0],
                _compared(one.against_host)[1],
                _compared(one.against_pytorch)[1],
                Text(one.status, _COLOURS[one.status]),
            )
            for one in found.results
        ),
    )
    for core in found.cores:
        if core.missing is not None:
            console.print(f"{core.name}: {core.missing}", soft_wrap=True)
    for one in found.results:
        if one.status == "failed":
            console.print(f"{one.format} {one.graph} on {one.core}: {one.detail}", soft_wrap=True)
    for format, reason in {one.format: one.detail for one in found.results if one.status == "not covered"}.items():
        console.print(f"{format} is not covered: {reason}", soft_wrap=True)
    print_verdict(found.verdict)


def print_gpu(found: OnGpu) -> None:
    """One row an artefact: how far it is from PyTorch on the GPU delegate; below, why not, and what it ran on."""
    console = _stdout()
    print_table(
        ("format", "graph", "inputs>", "from PyTorch>", "result"),
        (
            (one.format, one.graph, *_compared(one.verification), Text(one.status, _COLOURS[one.status]))
            for one in found.results
        ),
    )
    for one in found.results:
        if one.status in ("failed", "not taken"):
            console.print(f"{one.graph} {one.status}: {one.detail}", soft_wrap=True)
    for format, reason in {one.format: one.detail for one in found.results if one.status == "not covered"}.items():
        console.print(f"{format} is not covered: {reason}", soft_wrap=True)
    if found.adapter is not None:
        console.print(f"Adapter: {found.adapter}", soft_wrap=True)
    print_verdict(found.verdict)


def _compared(verification: Verification | None) -> tuple[str, object]:
    """On how many of the inputs, and how far off."""
    if verification is None:
        return "–", "–"
    return f"{verification.vectors} of {verification.vectors + verification.left_out}", _parity(verification)[0]


def _parity(verification: Verification) -> tuple[object, object]:
    parity = worst(verification)
    if parity is None:
        return "–", "–"
    return error_text(parity.relative), task_metric(parity, verification.tolerance) or "–"


def _result(verification: Verification) -> Text:
    runtime = f", {verification.runtime}" if verification.runtime else ""
    return Text.assemble((verification.status, _COLOURS[verification.status]), runtime)


def print_predictions(answers: Mapping[str, Sequence[Prediction]], trained: bool) -> None:
    """The first format's best classes, and what every format makes of them."""
    first, *_ = answers.values()
    rows = []
    for prediction in first:
        by_format = [
            next((f"{p.probability:.1%}" for p in answer if p.index == prediction.index), "–")
            for answer in answers.values()
        ]
        rows.append((prediction.index, prediction.label or "", *by_format))
    print_table(("class>", "label", *(f"{name}>" for name in answers)), rows)
    if not trained:
        _stdout().print("UNTRAINED: the weights are seeded, so these classes mean nothing.", style="yellow")


def print_segmented(found: Sequence[Segmented]) -> None:
    """What each format makes of each object in a photo."""
    print_table(
        ("format", "object>", "pixels>", "predicted IoU>", "object score>"),
        ((one.format, one.object, one.area, f"{one.iou:.3f}", f"{one.object_score:.2f}") for one in found),
    )
    _stdout().print(f"Picture  {found[0].picture}", soft_wrap=True)


def print_tracked(tracked: Tracked) -> None:
    """How fast each graph ran, and where the results are."""
    console = _stdout()
    print_table(("graph", "ms (median)>"), ((graph, f"{ms:.1f}") for graph, ms in tracked.ms.items()))
    console.print(
        f"\n{tracked.frames} frames at {tracked.fps:.2f} frames a second, {tracked.format} by {tracked.runtime}, here."
    )
    if backend(tracked.format).INTERPRETED:
        console.print("That is an interpreter: its times say nothing of the format.")
    if not tracked.trained:
        console.print("UNTRAINED: the weights are seeded, so these masks mean nothing.", style="yellow")
    console.print(
        f"Video   {tracked.video}\nMasks   {tracked.masks}\nSheet   {tracked.sheet}\nFigures {tracked.figures}",
        soft_wrap=True,
    )


def print_formats(rows: Sequence[Mapping[str, Any]]) -> None:
    print_table(
        ("format", "file", "precisions", "runs here by", "toolchain"),
        (
            (
                row["format"],
                row["file"],
                ", ".join(row["precisions"]),
                row["runs_here_by"],
                ", ".join(f"{name} {version}" for name, version in row["toolchain"].items())
                if row["toolchain"]
                else f"not installed: {row['install']}",
            )
            for row in rows
        ),
    )


def print_delegation(artifacts: Sequence[Artifact]) -> None:
    """What each artefact's delegate runs, in how many pieces, and which operators broke it up, with their modules."""
    console = _stdout()
    print_table(
        ("format", "graph", "operators>", "delegate", "of operators>", "of MACs>", "pieces>", "rewrites>"),
        (
            (
                artifact.format,
                artifact.graph,
                sum(artifact.operators.values()),
                *(
                    (d.delegate, f"{d.operators:.1%}", f"{d.macs:.1%}", d.pieces)
                    if (d := artifact.delegation)
                    else ("the runtime's choice", "–", "–", "–")
                ),
                len(artifact.rewrites),
            )
            for artifact in artifacts
        ),
    )
    for artifact in artifacts:
        if artifact.rewrites:
            console.print(f"\n{artifact.format} {artifact.graph} was rewritten by {', '.join(artifact.rewrites)}.")
        if artifact.delegation is None:
            continue
        if not artifact.delegation.outside:
            console.print(f"Nothing of it is left outside {artifact.delegation.delegate}.")
            continue
        console.print(f"Outside {artifact.delegation.delegate}, where each call may end a delegated piece:")
        print_table(
            ("operator", "calls>", "M MACs>", "in modules"),
            (
                (outside.operator, outside.count, f"{outside.macs / 1e6:.1f}", _first(outside.where))
                for outside in artifact.delegation.outside
            ),
        )


def _first(modules: Sequence[str], count: int = 3) -> str:
    more = f" and {len(modules) - count} more" if len(modules) > count else ""
    return ", ".join(modules[:count]) + more


def print_devices(devices: Sequence[Device]) -> None:
    """One row a device; a fact that nobody looked up carries a `?`."""

    def cell(device: Device, fact: str, text: object) -> str:
        return "" if text is None else f"{text}{' ?' if fact in device.from_memory else ''}"

    print_table(
        ("device", "SoC", "NPU", "memory GB", "OS", "formats", "runs best in"),
        (
            (
                device.id,
                cell(device, "soc", device.soc),
                cell(device, "npu", device.npu and device.npu.name),
                cell(device, "memory", device.memory and device.memory.gb),
                cell(device, "os_launch", device.os.launch),
                ", ".join(device.prefer.formats),
                f"{device.prefer.precision} on {device.prefer.compute_unit}",
            )
            for device in devices
        ),
    )
    _stdout().print("\n? from memory, not looked up. `vitexport devices DEVICE` lists every fact with its source.")


def print_device(device: Device) -> None:
    """Every fact of one device with its source."""
    from device_profiles.facts import described

    rows = [(fact, value, source.replace("_", " ")) for fact, value, source in described(device)]
    print_table(("fact", "value", "source"), rows, title=f"{device.name} ({device.id})")
    prefer = device.prefer
    _stdout().print(
        f"\nPrefers {', '.join(prefer.formats)}; {prefer.formats[0]} in {prefer.precision} "
        f"on the {prefer.compute_unit}. {prefer.reason}"
    )


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Callable[[str, float], None]]:
    """A bar on `stream`, silent when that is no terminal; yields (what is being done, share done) -> None."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    console = Console(file=stream)
    # Redirecting is `hidden`'s work: rich's own would carry what toolchains print past it, to the terminal.
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def _stdout() -> Console:
    # Tables in a pipe keep their columns: 80 characters, rich's default there, would fold them.
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, markup=False, highlight=False, width=width)
