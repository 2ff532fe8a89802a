"""The stages of an export that may be done side by side: record, lower, verify and lint, follow.

What they share is captured once, before the processes that run them are forked; what they hand on is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from exporter.backends import backend
from exporter.backends.interface import Lowered
from exporter.backends.runner import InputProgress, Progress, Runner
from exporter.entries import Export, Made, artifact_entry
from exporter.errors import BackendError, VitexportError, describe
from exporter.graphs.capture import Graph
from exporter.graphs.tasks import TASKS
from exporter.lint import findings, worst_first
from exporter.lint.subject import of_artifact, of_program
from exporter.manifest import Artifact, Finding, SequenceEntry, Variant, label_among
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
_FOLLOWING, _INTERPRETING = 12.0, 30.0
"""Seconds for a sequence with artefacts that run, and with an interpreter in their place"""


@dataclass(frozen=True)
class Checked:
    """What came of running an artefact and of looking for hazards in it."""

    artifact: Artifact
    findings: tuple[Finding, ...]


def make(export: Export, progress: Progress) -> Made:
    """Make every artefact of a plan and judge it; raises `VitexportError` for what cannot be lowered."""
    planned, on = export.planned, TASKS[export.planned.info.family.task].recorded_on
    recorded = Stage("reference outputs", partial(_record, export), weight=_RECORDING[on])
    stages, checked, followed = [recorded], list[Stage](), list[Stage]()
    for variant in planned.lowerings:
        label, group = label_among(planned.lowerings, variant), variant.format
        own: list[Stage] = []
        for graph in export.graphs:
            lowering, checking = (partial(work, export, variant, graph) for work in (_lower, _check))
            lower = Stage(f"{label}: lower {graph.name}", lowering, (), group, _LOWERING)
            after = (recorded.name, lower.name)
            check = Stage(f"{label}: verify {graph.name}", checking, after, group, _CHECKING)
            stages += [lower, check]
            own.append(check)
        checked += own
        if on == "sequence":
            seen = (recorded.name, *(stage.name for stage in own))
            following, interpreted = partial(_follow, export, variant), backend(variant.format).interpreted
            weight = _INTERPRETING if interpreted else _FOLLOWING
            # It is timed, so nothing may run beside it; an interpreter's times are not kept.
            stage = Stage(f"{label}: follow objects", following, seen, group, weight, alone=not interpreted)
            followed.append(stage)
    stages += followed
    workers = planned.request.workers or workers_for(_memory_of_a_worker(export.network), len(stages))
    results = run_stages(stages, workers, progress)
    done: list[Checked] = [results[stage.name] for stage in checked]
    return Made(
        tuple(one.artifact for one in done),
        results[recorded.name],
        tuple(one for stage in followed if (one := results[stage.name]) is not None),
        worst_first(finding for one in done for finding in one.findings),
    )


def _memory_of_a_worker(network: Model) -> int:
    """Bytes that lowering takes at its peak: a toolchain, and a dozen copies of the weights."""
    weights = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    return 1_500_000_000 + 12 * weights


def _record(export: Export, report: Report) -> SequenceEntry | None:
    """Write what PyTorch makes of every graph; return the sequence that a tracker is recorded on."""
    return record(export.planned.info.family.task, export.network, export.graphs, export.folder)


def _lower(export: Export, variant: Variant, graph: Graph, report: Report) -> Lowered:
    """Write a graph in a variant, and return what the backend knows about the file."""
    path = export.path(variant, graph)
    path.parent.mkdir(exist_ok=True)
    try:
        return backend(variant.format).lower(graph, path, export.planned.lowerings[variant])
    except (VitexportError, OSError):
        raise
    except Exception as error:  # whatever a toolchain throws
        raise BackendError(
            f"{variant.format} cannot lower {graph.name} ({describe(error)}); --verbose shows what its toolchain says."
        ) from error


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


def _counted(report: Report) -> InputProgress:
    """The progress of a run through many inputs."""
    return lambda done, count: report(f"{done + 1} of {count}", done / count)
