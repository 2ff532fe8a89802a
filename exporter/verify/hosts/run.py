"""Does an artefact say on another host what PyTorch says, and what it says here?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from exporter.backends import backend, installed
from exporter.backends.loading import LoadArtifact
from exporter.backends.runner import InputProgress, Progress, run_all
from exporter.errors import describe
from exporter.manifest import Tolerance, Verification
from exporter.verify.case import Case
from exporter.verify.hosts.results import OnHost, OnProcessor, Processor, Status, Words, name_among
from exporter.verify.parity import judge
from exporter.verify.tolerances import TOLERANCES
from exporter.worker.isolated import isolated
from exporter.worker.process import Job, Outcome


@dataclass(frozen=True)
class Here:
    """This machine, where a host's artefacts are run too, to be compared with themselves."""

    name: str
    tolerance: Tolerance
    """What they may differ by from one machine to the other"""


@dataclass(frozen=True)
class Log:
    """What a runtime wrote while it loaded and ran an artefact."""

    adapter: str | None = None
    """What it ran on, in its words"""
    rejected: str | None = None
    """Why it does not take the graph, in its words"""
    complaint: str | None = None
    """Its last error"""


Run = Callable[[Sequence[Job], float, InputProgress], Iterator[Outcome]]
"""Runs artefacts, with a time box of so many seconds each, as `exporter.worker.process.run_jobs` does."""


@dataclass(frozen=True)
class Host:
    """What tells one host from another."""

    words: Words
    loaders: Mapping[str, str]
    """Format that it covers -> the module that loads artefacts there"""
    not_covered: Callable[[str], str]
    """Why it does not run artefacts of another format."""
    start: Callable[[Progress], Sequence[tuple[Processor, Run]]]
    """Make everything ready, and say what there is to run on and how; raises an error where that is nothing."""
    here: Here | None = None
    """None where artefacts are compared with PyTorch only"""
    read: Callable[[str], Log] = lambda log: Log()
    """What the runtime's log says; raises an error where it says that the host cannot be had at all."""


def verify_on(host: Host, cases: Sequence[Case], progress: Progress | None, seconds: float) -> OnHost:
    """Run artefacts on a host and compare what comes out with PyTorch.

    Each has `seconds` on each processor for as many inputs as fit, at least one. Nothing is made ready if no artefact
    is covered. Raises what the host raises where it cannot be had.
    """
    step = progress or (lambda what, share: None)
    variants = {case.variant for case in cases}
    reasons = [_not_covered(host, case.format) for case in cases]
    covered = [case for case, reason in zip(cases, reasons, strict=True) if reason is None]
    idle = [
        _result(case, None, "not covered", reason)
        for case, reason in zip(cases, reasons, strict=True)
        if reason is not None
    ]
    started = host.start(step) if covered else ()
    usable = [(processor, run) for processor, run in started if processor.missing is None]
    processors = {processor.name: processor for processor, _ in started}
    jobs = [Job(host.loaders[case.format], case.path, case.given) for case in covered]
    ran: list[OnProcessor] = []

    def running(done: int, count: int) -> None:
        (processor, _), case = usable[len(ran) // len(covered)], covered[len(ran) % len(covered)]
        name = name_among(variants, host.loaders, case.variant, case.graph)
        share = (len(ran) + done / count) / (len(usable) * len(covered))
        step(f"{processor.name}: {name}, {done + 1} of {count}", share)

    with isolated() as load:
        for processor, run in usable:
            for case, outcome in zip(covered, run(jobs, seconds, running), strict=True):
                log = host.read(outcome.stderr)
                if log.adapter is not None:
                    processors[processor.name] = processor.model_copy(update={"description": log.adapter})
                ran.append(_judged(host, case, processor, outcome, log, seconds, load))
    return OnHost(
        host=host.words.place,
        here=None if host.here is None else host.here.name,
        formats=tuple(host.loaders),
        processors=tuple(processors.values()),
        results=(*ran, *idle),
        words=host.words,
    )


def _not_covered(host: Host, format: str) -> str | None:
    """Why artefacts of a format are not run; None if they are."""
    if format not in host.loaders:
        return host.not_covered(format)
    record = backend(format)
    return None if installed(record) else f"Its runtime is not installed: pip install 'vitexport[{record.extra}]'."


def _judged(
    host: Host, case: Case, processor: Processor, outcome: Outcome, log: Log, seconds: float, load: LoadArtifact
) -> OnProcessor:
    """Compare what came out with PyTorch and, if the host asks for it, with the same artefact here; or say why not."""
    if outcome.runtime is None:
        if log.rejected is not None:
            return _result(case, processor, "not taken", f"{log.rejected}.")
        why = "; ".join(filter(None, (outcome.error, log.complaint)))
        return _result(case, processor, "failed", f"{case.path.name} does not run ({why})")
    actual, runtime, against_here = outcome.actual, outcome.runtime, None
    if host.here is not None:
        ran = len(next(iter(actual.values())))
        try:
            runner = load(backend(case.format), case.path, case.inputs, case.outputs)
            same = run_all(runner, {name: all[:ran] for name, all in case.given.items()})
        except Exception as error:  # whatever a runtime throws: there is then nothing to compare with
            detail = f"{case.path.name} does not run on {host.here.name} ({describe(error)})"
            return _result(case, processor, "failed", detail)
        against_here = judge(same, actual, case.outputs, host.here.tolerance, runtime, seconds, host.here.name)
    tolerance = TOLERANCES[case.variant.precision].outputs
    against_pytorch = judge(case.expected, actual, case.outputs, tolerance, runtime, seconds)
    wrong = []
    if host.here is not None and against_here is not None and against_here.status == "failed":
        wrong.append(f"compared with {host.here.name}, {against_here.detail}")
    if against_pytorch.status == "failed":
        wrong.append(f"compared with PyTorch, {against_pytorch.detail}" if against_here else against_pytorch.detail)
    return _result(case, processor, "failed" if wrong else "passed", "; ".join(wrong), against_pytorch, against_here)


def _result(
    case: Case,
    processor: Processor | None,
    status: Status,
    detail: str,
    against_pytorch: Verification | None = None,
    against_here: Verification | None = None,
) -> OnProcessor:
    return OnProcessor(
        **asdict(case.variant),
        graph=case.graph,
        processor=None if processor is None else processor.name,
        status=status,
        against_pytorch=against_pytorch,
        against_here=against_here,
        detail=detail,
    )
