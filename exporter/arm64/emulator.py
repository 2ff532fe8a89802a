"""Runs artefacts as an arm64 core would, by emulating a process and not a machine (qemu's user mode)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

import exporter
from exporter.arm64.cpus import CpuModel, cpuinfo, features
from exporter.arm64.root import Root
from exporter.errors import EmulationError
from exporter.verify import Arrays, Progress

SILENCE = 3600.0
"""Seconds for one input, after which an emulated process counts as stuck; a tracker's largest graph takes minutes."""

_AUXILIARY = "import ctypes; get = ctypes.CDLL(None).getauxval; get.restype = ctypes.c_ulong; print(get(16), get(26))"
"""Prints AT_HWCAP and AT_HWCAP2, in which the kernel tells a process the features of its core."""


@dataclass(frozen=True)
class Job:
    """An artefact, and what it is to be run on."""

    format: str
    path: Path
    given: Arrays


@dataclass(frozen=True)
class Outcome:
    """What came out: values by output for as many inputs as were run, or why there are none."""

    runtime: str | None
    actual: Arrays
    error: str | None = None


def emulator_version(root: Root) -> str:
    """For instance "qemu-aarch64 version 7.2.22"."""
    said = subprocess.run([root.emulator, "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition(" (")[0].splitlines()[0]


def visible_features(root: Root, cpu: CpuModel) -> frozenset[str]:
    """The features that a process on the emulated core sees; raises `EmulationError` if there is no such core."""
    command = [*_command(root, cpu, root.debian), "-I", "-S", "-c", _AUXILIARY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EmulationError(f"{root.emulator.name} cannot run as {cpu.qemu} ({_last_line(done.stderr)}).")
    hwcap, hwcap2 = map(int, done.stdout.split())
    return features(hwcap, hwcap2)


def run_jobs(
    root: Root,
    cpu: CpuModel,
    jobs: Sequence[Job],
    seconds: float,
    progress: Progress | None = None,
    silence: float = SILENCE,
) -> Iterator[Outcome]:
    """Run artefacts one after the other on as many inputs as can be begun within `seconds` each, at least one.

    One process runs them, so that Python starts once; what crashes it costs one artefact and a new process.
    """
    threads = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="vitexport-arm64-") as name:
        folder = Path(name)
        _furnish(folder, root, cpu)
        left = list(jobs)
        while left:
            with _guest(folder, root, cpu) as guest:
                while left and guest.alive:
                    yield guest.run(left.pop(0), seconds, threads, progress, silence)


def _command(root: Root, cpu: CpuModel, prefix: Path) -> list[str]:
    """Run the root's Python. Files that are in `prefix` are found there first, as if that were the whole system."""
    return [str(root.emulator), "-cpu", cpu.qemu, "-L", str(prefix), str(root.python)]


def _furnish(folder: Path, root: Root, cpu: CpuModel) -> None:
    """Lay out what a guest sees: the root with a /proc/cpuinfo of its core, and our own loaders.

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
    (folder / "packages/exporter").symlink_to(Path(exporter.__file__).resolve().parent)


@contextmanager
def _guest(folder: Path, root: Root, cpu: CpuModel) -> Iterator[_Guest]:
    environment = {"PYTHONPATH": f"{folder / 'packages'}:{root.packages}", "PYTHONNOUSERSITE": "1"}
    with (
        (folder / "stderr").open("w+", errors="replace") as errors,
        subprocess.Popen(
            [*_command(root, cpu, folder / "prefix"), "-P", "-m", "exporter.arm64.guest"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env=environment,
        ) as process,
    ):
        try:
            yield _Guest(process, folder)
        finally:
            process.kill()
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # of an order that a dead process did not read
                process.stdin.close()


class _Guest:
    """An emulated process that runs one artefact after the other."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder = process, folder
        self.alive = True

    def run(self, job: Job, seconds: float, threads: int, progress: Progress | None, silence: float) -> Outcome:
        given, results = self._folder / "given.npz", self._folder / "actual.npz"
        np.savez(given, allow_pickle=False, **job.given)
        order = {
            "format": job.format,
            "file": str(job.path.resolve()),
            "given": str(given),
            "results": str(results),
            "seconds": seconds,
            "threads": threads,
        }
        self._send(order)
        while (event := self._receive(silence)) is not None and "done" in event:
            if progress is not None:
                progress(event["done"], event["count"])
        if event is None:
            return Outcome(None, {}, self._last_words())
        if "error" in event:
            return Outcome(None, {}, event["error"])
        with np.load(results) as actual:
            return Outcome(event["runtime"], dict(actual))

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # a dead process says so when it is listened to
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def _receive(self, silence: float) -> dict[str, Any] | None:
        """The next event; None if the process has ended, or was ended because it said nothing for too long."""
        assert self._process.stdout is not None
        timer = Timer(silence, self._process.kill)
        timer.daemon = True  # an interrupt must not wait for it
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        self.alive = line.endswith("\n")  # the last words of a process that is killed may be half a line
        return json.loads(line) if self.alive else None

    def _last_words(self) -> str:
        """Why the process has ended: the emulator's own line, if it was a signal of the core's."""
        if self._process.wait() == -signal.SIGKILL:
            return "no answer came, and it was ended"
        said = (self._folder / "stderr").read_text(errors="replace")
        crash = [line for line in said.splitlines() if line.startswith("qemu: ")]
        return crash[-1] if crash else _last_line(said)


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "it says nothing")
