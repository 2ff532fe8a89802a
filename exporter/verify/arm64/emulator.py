"""Runs artefacts as an arm64 core would, by emulating a process and not a machine (qemu's user mode)."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.atomic.staging import staging
from exporter.backends.runner import InputProgress
from exporter.errors import EmulationError
from exporter.verify.arm64.cpus import CpuModel, cpuinfo, features
from exporter.verify.arm64.root import Root
from exporter.worker import process
from exporter.worker.process import PACKAGES, SILENCE, Guest, Job, Outcome, last_line

_AUXILIARY = "import ctypes; get = ctypes.CDLL(None).getauxval; get.restype = ctypes.c_ulong; print(get(16), get(26))"
"""Prints AT_HWCAP and AT_HWCAP2, in which the kernel tells a process the features of its core."""


def emulator_version(root: Root) -> str:
    """For instance "qemu-aarch64 version 7.2.22"."""
    version = subprocess.run([root.emulator, "--version"], capture_output=True, text=True, check=True).stdout
    return version.partition(" (")[0].splitlines()[0]


def visible_features(root: Root, cpu: CpuModel) -> frozenset[str]:
    """The features that a process on the emulated core sees; raises `EmulationError` if there is no such core."""
    command = [*_command(root, cpu, root.debian), "-I", "-S", "-c", _AUXILIARY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EmulationError(f"{root.emulator.name} cannot run as {cpu.qemu} ({last_line(done.stderr)}).")
    hwcap, hwcap2 = map(int, done.stdout.split())
    return features(hwcap, hwcap2)


def run_jobs(
    root: Root,
    cpu: CpuModel,
    jobs: Sequence[Job],
    seconds: float,
    progress: InputProgress | None = None,
    silence: float = SILENCE,
) -> Iterator[Outcome]:
    """Run artefacts on an emulated core, as `exporter.worker.process.run_jobs` does."""
    with staging(Path(tempfile.gettempdir())) as folder:
        _furnish(folder, root, cpu)
        environment = {"PYTHONPATH": f"{folder / 'packages'}:{root.packages}", "PYTHONNOUSERSITE": "1"}
        guest = Guest(_command(root, cpu, folder / "prefix"), environment, crash_mark="qemu: ")
        yield from process.run_jobs(guest, folder, jobs, seconds, progress, silence)


def _command(root: Root, cpu: CpuModel, prefix: Path) -> list[str]:
    """Run the root's Python. Files that are in `prefix` are found there first, as if that were the whole system."""
    return [str(root.emulator), "-cpu", cpu.qemu, "-L", str(prefix), str(root.python)]


def _furnish(folder: Path, root: Root, cpu: CpuModel) -> None:
    """Lay out what a guest sees: the root with a /proc/cpuinfo of its core, and our own packages.

    The emulator passes the host's /proc/cpuinfo on, and the runtimes crash on what x86-64 says there. A file at its
    place under the prefix goes before it, where binding one over it would take privileges. They crash too if that
    lists fewer cores than /sys does.
    """
    cores = os.cpu_count() or 1
    listed = f"0-{cores - 1}\n" if cores > 1 else "0\n"
    for path, text in {
        "proc/cpuinfo": cpuinfo(cpu, visible_features(root, cpu), cores),
        "sys/devices/system/cpu/possible": listed,
        "sys/devices/system/cpu/present": listed,
    }.items():
        file = folder / "prefix" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name in ("lib", "usr"):
        (folder / "prefix" / name).symlink_to(root.debian / name)
    (folder / "packages").mkdir()
    # Through a link, because only the host resolves those: a path below /usr would be looked for in the root.
    for package, home in PACKAGES.items():
        (folder / "packages" / package).symlink_to(home.resolve())
