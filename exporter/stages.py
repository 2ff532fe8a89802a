"""The stages of an export that may be done side by side: record, lower, verify and lint, follow.

What they share is captured once, before the processes that run them are forked; what they hand on is small.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

from exporter.backends import backend
from exporter.backends.interface import Lowered, LowerOptions
from exporter.backends.runner import InputProgress, Progress, Runner
from exporter.bench.comparison import speeds
from exporter.bench.mixing import Mixed, mixed
from exporter.calibration.schemes import prepared
from exporter.contents import size_of
from exporter.entries import Export, Made, artifact_entry
from exporter.errors import BackendError, VitexportError, describe
from exporter.graphs.capture import Graph
from exporter.graphs.tasks import TASKS
from exporter.lint import findings, worst_first
from exporter.lint.subject import of_artifact, of_program
from exporter.manifest import Artifact, Compression, Finding, Fit, SequenceEntry, Variant, label_among
from exporter.models.model import Model
from exporter.vectors import read_vectors, vectors_file
from exporter.verify.artifact import verify
from exporter.verify.case import Case
from exporter.verify.conformance import recorded_sequence
from exporter.verify.record import record
from exporter.verify.sequence import Followed, roll_out
from exporter.verify.tolerances import worth_following
from exporter.worker.capacity import workers_for
from exporter.worker.fork import Report
from exporter.worker.stages import Stage, run_stages

_RECORDING = {"pictures": 2.0, "sequence": 25.0}
"""What a task is recorded on -> seconds that it took. These and the next are those of efficienttam_s on two cores, and
only say how stages compare."""
_LOWERING, _CHECKING = 8.0, 2.0
"""Seconds for a graph in a format"""
_MIXING = 60.0
"""Seconds for a graph in a format"""
_COMPARING = 8.0
"""Seconds for the graphs of a variant"""
_FOLLOWING, _INTERPRETING = 12.0, 30.0
"""Seconds for a sequence with artefacts that run, and with an interpreter in their place"""


@dataclass(frozen=True)
class Checked:
    """What came of running an artefact and of looking for hazards in it."""

    artifact: Artifact
    findings: tuple[Finding, ...]


def calibrated(export: Export, progress: Progress) -> Export:
    """The same, with inputs that ranges are read off, what that loses, and integers fitted where that was asked for.

    Raises `ImageError` for pictures that cannot be used.
    """
    from exporter.calibration.inputs import calibration
    from exporter.calibration.losses import sensitivity
    from exporter.quantise.fit import fit

    planned = export.planned
    family, request = planned.info.family, planned.request
    progress("calibration", 0.03)
    found = calibration(export.network, family, export.graphs, request.calibration)
    fixed = [graph for graph in export.graphs if graph.name not in TASKS[family.task].wide]
    losses, fitted = [], {}
    for graph in fixed:
        progress(f"losses of {graph.name}", 0.035)
        losses.append(sensitivity(graph, found.inputs[graph.name]))
    if request.ranges == "qhyvit":
        named = {scheme.integers: str(variant) for variant, scheme in planned.calibrated.items()}
        for graph, (integers, variant) in product(fixed, named.items()):
            progress(f"fit integers to {graph.name} for {variant}", 0.04)
            fitted[graph.name, integers] = fit(graph, found.inputs[graph.name], integers)
    return replace(export, calibration=found, sensitivities=tuple(losses), fitted=fitted)


def make(export: Export, progress: Progress) -> Made:
    """Make every artefact of a plan and judge it; raises `VitexportError` for what cannot be lowered.

    Those of fewer bits are compared with the same format in full precision, which is written beside the bundle where
    it is not in it.
    """
    planned, on = export.planned, TASKS[export.planned.info.family.task].recorded_on
    recorded = Stage("reference outputs", partial(_record, export), weight=_RECORDING[on])
    stages, checked, followed, compared = [recorded], list[Stage](), list[Stage](), list[Stage]()
    full, wide = planned.compared_with, TASKS[planned.info.family.task].wide
    for variant in dict.fromkeys(full.values()):
        if variant not in planned.lowerings:
            stages += [_lowering(export, variant, graph) for graph in export.graphs]
    for variant in sorted(planned.lowerings, key=lambda one: one in full):  # what others begin with comes first
        label, group = label_among(planned.lowerings, variant), variant.format
        own: list[Stage] = []
        lowered, mixtures = list[Stage](), list[Stage]()
        for graph in export.graphs:
            mixes = variant.precision == "mixed" and graph.name not in wide
            searched = _search_for(export, variant, graph, full[variant]) if mixes else None
            lower = _lowering(export, variant, graph, full.get(variant), searched)
            mixtures += [searched] if searched else []
            stages += [searched] if searched else []
            after = (recorded.name, lower.name)
            checking = partial(_check, export, variant, graph)
            check = Stage(f"{label}: verify {graph.name}", checking, after, group, _CHECKING)
            stages += [lower, check]
            lowered.append(lower)
            own.append(check)
        checked += own
        if variant in full:
            work = partial(_compare, export, variant, full[variant])
            files = tuple(stage.name for stage in (*lowered, *mixtures))
            compared.append(Stage(f"{label}: compare", work, files, group, _COMPARING, alone=True))
        if on == "sequence":
            seen = (recorded.name, *(stage.name for stage in own))
            following, interpreted = partial(_follow, export, variant), backend(variant.format).interpreted
            weight = _INTERPRETING if interpreted else _FOLLOWING
            # It is timed, so nothing may run beside it; an interpreter's times are not kept.
            stage = Stage(f"{label}: follow objects", following, seen, group, weight, alone=not interpreted)
            followed.append(stage)
    stages += [*followed, *compared]
    workers = planned.request.workers or workers_for(_memory_of_a_worker(export.network), len(stages))
    results = run_stages(stages, workers, progress)
    names = [
        f"{label_among(planned.lowerings, variant)}: verify {graph.name}"
        for variant in planned.lowerings
        for graph in export.graphs
    ]
    done: list[Checked] = [results[name] for name in names]
    return Made(
        tuple(one.artifact for one in done),
        results[recorded.name],
        tuple(one for stage in followed if (one := results[stage.name]) is not None),
        worst_first(finding for one in done for finding in one.findings),
        tuple(results[stage.name] for stage in compared),
    )


def _lowering(
    export: Export, variant: Variant, graph: Graph, full: Variant | None = None, searched: Stage | None = None
) -> Stage:
    """The stage that writes a graph in a variant, after those that write it in full precision and find a mixture."""
    name = f"{label_among(export.planned.lowerings, variant)}: lower {graph.name}"
    if variant not in export.planned.lowerings:
        name = f"{variant}: lower {graph.name} to compare with"
    work = partial(_lower, export, variant, graph, full)
    before = [] if full is None else [_lowering(export, full, graph)]
    after = tuple(stage.name for stage in (*before, *([searched] if searched else [])))
    return Stage(name, work, after, variant.format, _LOWERING)


def _memory_of_a_worker(network: Model) -> int:
    """Bytes that lowering takes at its peak: a toolchain, and a dozen copies of the weights."""
    weights = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    return 1_500_000_000 + 12 * weights


def _record(export: Export, report: Report) -> SequenceEntry | None:
    """Write what PyTorch makes of every graph; return the sequence that a tracker is recorded on."""
    return record(export.planned.info.family.task, export.network, export.graphs, export.folder)


def _lower(
    export: Export,
    variant: Variant,
    graph: Graph,
    full: Variant | None,
    report: Report,
    written: Lowered | None = None,
    found: Mixed | None = None,
) -> Lowered:
    """Write a graph in a variant, and return what the backend knows about the file.

    `full` is the variant that it was `written` in before, in full precision; None where it is that itself. `found` is
    what mixed precision mixes.
    """
    path = export.path(variant, graph)
    path.parent.mkdir(parents=True, exist_ok=True)
    lowered, options = _prepared(export, variant, graph, full)
    if found is not None:
        options = replace(options, scheme=found.scheme)
    with _in_words(variant, graph):
        return backend(variant.format).lower(lowered, path, options)


@contextmanager
def _in_words(variant: Variant, graph: Graph) -> Iterator[None]:
    """Whatever a toolchain throws, as `BackendError`."""
    try:
        yield
    except (VitexportError, OSError):
        raise
    except Exception as error:
        raise BackendError(
            f"{variant.format} cannot lower {graph.name} ({describe(error)}); --verbose shows what its toolchain says."
        ) from error


def _prepared(export: Export, variant: Variant, graph: Graph, full: Variant | None) -> tuple[Graph, LowerOptions]:
    """The graph that is lowered, and how."""
    planned = export.planned
    options = planned.lowerings.get(variant) or LowerOptions(variant.precision, planned.min_ios, variant.delegate)
    if full is None:
        return graph, options
    given = export.calibration.inputs[graph.name] if export.calibration is not None else ()
    options = replace(options, full=export.path(full, graph), calibration=given)
    wide = TASKS[planned.info.family.task].wide
    return prepared(graph, backend(variant.format), options, wide, planned.request.ranges, export.fitted)


def _search_for(export: Export, variant: Variant, graph: Graph, full: Variant) -> Stage:
    """The stage that finds a mixture, after that which writes the graph in full precision."""
    label, work = label_among(export.planned.lowerings, variant), partial(_search, export, variant, graph, full)
    after = (_lowering(export, full, graph).name,)
    return Stage(f"{label}: mix {graph.name}", work, after, variant.format, _MIXING, alone=True)


def _search(export: Export, variant: Variant, graph: Graph, full: Variant, report: Report, written: Lowered) -> Mixed:
    reference = export.path(full, graph)
    lowered, options = _prepared(export, variant, graph, full)
    with tempfile.TemporaryDirectory(dir=reference.parent) as folder, _in_words(variant, graph):
        return mixed(lowered, variant, options, export.planned.least_sqnr, reference, Path(folder), report)


def _check(
    export: Export, variant: Variant, graph: Graph, report: Report, sequence: SequenceEntry | None, lowered: Lowered
) -> Checked:
    """Run an artefact from disk on the recorded vectors, and look for hazards in it and in its program."""
    path, folder, oldest = export.path(variant, graph), export.folder, export.planned.min_ios
    vectors = read_vectors(folder / vectors_file(graph.name))
    verification = verify(Case(variant, graph.name, path, *lowered.signature(graph), *vectors), _counted(report))
    artifact = artifact_entry(export, variant, graph, lowered, verification)
    found = findings([*of_program(graph, [variant], oldest), of_artifact(artifact, folder, oldest)])
    return Checked(artifact, found)


def _follow(
    export: Export, variant: Variant, report: Report, sequence: SequenceEntry, *checked: Checked
) -> Followed | None:
    """Follow the recorded sequence with a variant's artefacts; None where that says nothing, or one did not run."""
    artifacts = [one.artifact for one in checked]
    ran = all(artifact.verification.runtime for artifact in artifacts)
    if not ran or not worth_following(export.loaded.trained, variant.precision):
        return None
    recorded = recorded_sequence(export.folder, sequence, export.network.image_size)

    def load() -> dict[str, Runner]:
        return {one.graph: backend(variant.format).load(export.folder / one.file) for one in artifacts}

    return roll_out(variant, load, recorded, _counted(report))


def _compare(export: Export, variant: Variant, full: Variant, report: Report, *done: Lowered | Mixed) -> Compression:
    """What a variant of fewer bits gains on the format's full precision, of which nothing else runs meanwhile."""
    few, whole = ({graph.name: export.path(one, graph) for graph in export.graphs} for one in (variant, full))
    lowered = [one for one in done if isinstance(one, Lowered)]
    scheme = backend(variant.format).scheme(export.planned.lowerings[variant])
    calibrated = export.calibration if scheme is not None and scheme.calibrated else None
    return Compression(
        **asdict(variant),
        full=full.precision,
        size=sum(map(size_of, few.values())) / sum(map(size_of, whole.values())),
        speeds=speeds(variant, export.graphs, few, whole),
        quantised={graph.name: one.quantised for graph, one in zip(export.graphs, lowered, strict=True)},
        curve=tuple(point for one in done if isinstance(one, Mixed) for point in one.curve),
        least_sqnr=export.planned.least_sqnr if variant.precision == "mixed" else None,
        ranges=(export.planned.request.ranges or "") if calibrated is not None else "",
        fits=tuple(
            Fit(graph=name, extremes=one.extremes, chosen=one.chosen, folded=len(one.folded))
            for (name, integers), one in export.fitted.items()
            if calibrated is not None and scheme is not None and scheme.integers == integers
        ),
        calibration=calibrated.source if calibrated is not None else "",
    )


def _counted(report: Report) -> InputProgress:
    """The progress of a run through many inputs."""
    return lambda done, count: report(f"{done + 1} of {count}", done / count)
