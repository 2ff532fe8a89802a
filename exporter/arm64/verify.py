"""Does an artefact say on an arm64 core what it says here, and what PyTorch says?"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence

from exporter.arm64.cpus import CPU_MODELS, CpuModel
from exporter.arm64.emulator import emulator_version, run_jobs, visible_features
from exporter.arm64.results import Core, OnArm64, OnCore
from exporter.arm64.root import Root, prepare
from exporter.backends import backend, installed
from exporter.bundle import Bundle
from exporter.child.case import Case, cases_of
from exporter.child.process import Job, Outcome
from exporter.errors import EmulationError, describe
from exporter.manifest import Tolerance
from exporter.verdict import listed
from exporter.verify import TOLERANCES, judge, run_all

SECONDS = 30.0
"""Time box of an artefact on a core: emulation is some 200 times as slow, and further inputs use the same kernels."""

SAME = Tolerance(relative=1e-5, psnr=None, top1=1.0, mask_iou=0.999)
"""What an artefact in single precision may differ by from itself in another instruction set: sums in other orders."""

HOST = {"x86_64": "x86-64"}.get(platform.machine(), platform.machine())

COVERED = ("tflite", "onnx")
NOT_COVERED = {
    "executorch": "ExecuTorch 1.4's arm64 runtime comes as a Python module only, which needs PyTorch: on PyPI, for "
    "arm64, a build of 427 MB that loads with CUDA's libraries and not without.",
    "coreml": "Core ML's runtime is a part of Apple's systems.",
}
"""Format -> why its artefacts are not run as arm64 code."""


def verify_bundle_on_arm64(
    bundle: Bundle, progress: Callable[[str, float], None] | None = None, seconds: float = SECONDS
) -> OnArm64:
    """Run a bundle's TFLite and ONNX artefacts with the runtimes' arm64 builds, on its conformance vectors.

    Each has `seconds` on each core for as many inputs as fit. Raises `BundleError` if a file is missing or altered,
    and `EmulationError` if something that running them needs is missing.
    """
    return verify_on_arm64(cases_of(bundle), progress, seconds)


def verify_on_arm64(
    cases: Sequence[Case],
    progress: Callable[[str, float], None] | None = None,
    seconds: float = SECONDS,
    cpus: Sequence[CpuModel] = CPU_MODELS,
) -> OnArm64:
    """The same for artefacts of any origin, and for some cores only; raises `EmulationError`."""
    step = progress or (lambda what, share: None)
    reasons = [_not_covered(case.format) for case in cases]
    covered = [case for case, reason in zip(cases, reasons, strict=True) if reason is None]
    idle = [
        OnCore(format=case.format, graph=case.graph, status="not covered", detail=reason)
        for case, reason in zip(cases, reasons, strict=True)
        if reason is not None
    ]
    if not covered:
        return OnArm64(emulator=None, host=HOST, cores=(), results=tuple(idle))
    root = prepare(step)
    cores = [_core(root, cpu) for cpu in cpus]
    usable = [cpu for cpu, core in zip(cpus, cores, strict=True) if core.missing is None]
    if not usable:
        raise EmulationError(" ".join(core.missing for core in cores if core.missing))
    ran: list[OnCore] = []

    def running(done: int, count: int) -> None:
        cpu, case = usable[len(ran) // len(covered)], covered[len(ran) % len(covered)]
        share = (len(ran) + done / count) / (len(usable) * len(covered))
        step(f"{cpu.name}: {case.format} {case.graph}, {done + 1} of {count}", share)

    jobs = [Job(f"exporter.backends.{case.format}", case.path, case.given) for case in covered]
    for cpu in usable:
        for case, outcome in zip(covered, run_jobs(root, cpu, jobs, seconds, running), strict=True):
            ran.append(_judged(case, cpu, outcome, seconds))
    return OnArm64(emulator=emulator_version(root), host=HOST, cores=tuple(cores), results=(*ran, *idle))


def _not_covered(format: str) -> str | None:
    """Why artefacts of a format are not run as arm64 code; None if they are."""
    if format not in COVERED:
        return NOT_COVERED.get(format, f"No arm64 runtime of {format} can be had here.")
    module = backend(format)
    return None if installed(module) else f"Its runtime is not installed: pip install 'vitexport[{module.EXTRA}]'."


def _core(root: Root, cpu: CpuModel) -> Core:
    """What a process on the core sees, and whether that is the core which was meant."""
    try:
        seen = visible_features(root, cpu)
    except EmulationError as error:
        return Core(name=cpu.name, qemu=cpu.qemu, features=(), missing=str(error))
    wrong = [f"no {name}" for name in sorted(cpu.has - seen)] + sorted(cpu.lacks & seen)
    missing = f"{root.emulator.name} -cpu {cpu.qemu} shows {listed(wrong)}, so it is another core." if wrong else None
    return Core(name=cpu.name, qemu=cpu.qemu, features=tuple(sorted(seen)), missing=missing)


def _judged(case: Case, cpu: CpuModel, outcome: Outcome, seconds: float) -> OnCore:
    """Compare what came out with the same artefact here, and with PyTorch."""
    result = OnCore(format=case.format, graph=case.graph, core=cpu.name, status="failed")
    if outcome.runtime is None:
        return result.model_copy(update={"detail": f"{case.path.name} does not run ({outcome.error})"})
    ran = len(next(iter(outcome.actual.values())))
    try:
        here = run_all(backend(case.format).load(case.path), {name: all[:ran] for name, all in case.given.items()})
    except Exception as error:  # whatever a runtime throws: there is then nothing to compare with
        return result.model_copy(update={"detail": f"{case.path.name} does not run on {HOST} ({describe(error)})"})
    host, pytorch = (
        judge(reference, outcome.actual, case.outputs, tolerance, outcome.runtime, seconds, name)
        for name, reference, tolerance in ((HOST, here, SAME), ("PyTorch", case.expected, TOLERANCES[case.precision]))
    )
    wrong = [
        f"compared with {name}, {verification.detail}"
        for name, verification in ((HOST, host), ("PyTorch", pytorch))
        if verification.status == "failed"
    ]
    return OnCore(
        format=case.format,
        graph=case.graph,
        core=cpu.name,
        status="failed" if wrong else "passed",
        against_host=host,
        against_pytorch=pytorch,
        detail="; ".join(wrong),
    )
