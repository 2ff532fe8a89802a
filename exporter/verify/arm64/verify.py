"""arm64 cores as a host: the runtimes' arm64 builds, emulated, against the same artefacts here and against PyTorch."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import partial

from exporter.backends.runner import Progress
from exporter.bundle import Bundle
from exporter.errors import EmulationError
from exporter.verify.arm64.cpus import CPU_MODELS, CpuModel
from exporter.verify.arm64.emulator import emulator_version, run_jobs, visible_features
from exporter.verify.arm64.root import Root, prepare
from exporter.verify.case import Case, cases_of
from exporter.verify.hosts.results import OnHost, Processor, Words
from exporter.verify.hosts.run import Here, Host, Run, verify_on
from exporter.verify.tolerances import BETWEEN_INSTRUCTION_SETS
from exporter.verify.verdict import listed

SECONDS = 30.0
"""Time box of an artefact on a core: emulation is some 200 times as slow, and further inputs use the same kernels."""

COVERED = ("tflite", "onnx")
NOT_COVERED = {
    "executorch": "ExecuTorch 1.4's arm64 runtime comes as a Python module only, which needs PyTorch: on PyPI, for "
    "arm64, a build of 427 MB that loads with CUDA's libraries and not without.",
    "coreml": "Core ML's runtime is a part of Apple's systems.",
}
"""Format -> why its artefacts are not run as arm64 code."""


def verify_bundle_on_arm64(bundle: Bundle, progress: Progress | None = None, seconds: float = SECONDS) -> OnHost:
    """Run a bundle's TFLite and ONNX artefacts with the runtimes' arm64 builds, on its conformance vectors.

    Each has `seconds` on each core for as many inputs as fit. Raises `BundleError` if a file is missing or altered,
    and `EmulationError` if something that running them needs is missing.
    """
    return verify_on_arm64(cases_of(bundle), progress, seconds)


def verify_on_arm64(
    cases: Sequence[Case],
    progress: Progress | None = None,
    seconds: float = SECONDS,
    cpus: Sequence[CpuModel] = CPU_MODELS,
) -> OnHost:
    """The same for artefacts of any origin, and for some cores only; raises `EmulationError`."""
    host = Host(
        words=Words(place="arm64", idle="Nothing was run on arm64", processor="core"),
        loaders={format: f"exporter.backends.{format}" for format in COVERED},
        not_covered=lambda format: NOT_COVERED.get(format, f"No arm64 runtime of {format} can be had here."),
        start=partial(_start, cpus),
        here=Here({"x86_64": "x86-64"}.get(platform.machine(), platform.machine()), BETWEEN_INSTRUCTION_SETS),
    )
    return verify_on(host, cases, progress, seconds)


def _start(cpus: Sequence[CpuModel], progress: Progress) -> list[tuple[Processor, Run]]:
    """The emulated cores; raises `EmulationError` where there is none."""
    root = prepare(progress)
    cores = [_core(root, cpu) for cpu in cpus]
    missing = [core.missing for core in cores if core.missing is not None]
    if len(missing) == len(cores):
        raise EmulationError(" ".join(missing))
    return [(core, partial(run_jobs, root, cpu)) for core, cpu in zip(cores, cpus, strict=True)]


def _core(root: Root, cpu: CpuModel) -> Processor:
    """What a process on the core sees, and whether that is the core which was meant."""
    core = Processor(name=cpu.name, description=f"{emulator_version(root)}, -cpu {cpu.qemu}")
    try:
        seen = visible_features(root, cpu)
    except EmulationError as error:
        return core.model_copy(update={"missing": str(error)})
    wrong = [f"no {name}" for name in sorted(cpu.has - seen)] + sorted(cpu.lacks & seen)
    missing = f"{root.emulator.name} -cpu {cpu.qemu} shows {listed(wrong)}, so it is another core." if wrong else None
    return core.model_copy(update={"features": tuple(sorted(seen)), "missing": missing})
