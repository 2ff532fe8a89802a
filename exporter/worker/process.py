"""Has artefacts run in another process, which may be another system, and may crash."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

import device_profiles
import latency_db
from device_profiles.host import cores
from exporter.backends.runner import Arrays, InputProgress

SILENCE = 3600.0
"""Seconds for one input, after which a process counts as stuck; emulated, a tracker's largest graph takes minutes."""

_SECONDS_TO_END = 5.0
"""For a process that has closed its output: what it does at its exit may take for ever"""

PACKAGES = {
    "exporter": Path(__file__).parents[1],
    "device_profiles": Path(device_profiles.__file__).parent,
    "latency_db": Path(latency_db.__file__).parent,
}
"""What a guest imports of ours, by name -> where it is"""


@dataclass(frozen=True)
class Job:
    """An artefact, and what it is to be run on."""

    loader: str
    """Module whose `load(path, threads)` makes the runner"""
    path: Path
    given: Arrays


@dataclass(frozen=True)
class Outcome:
    """What came out: values by output for as many inputs as were run, or why there are none."""

    runtime: str | None
    actual: Arrays
    stderr: str
    """What was written to stderr meanwhile"""
    error: str | None = None


@dataclass(frozen=True)
class Guest:
    """How to start a process that runs artefacts."""

    python: Sequence[str]
    """The command line of its Python"""
    environment: Mapping[str, str]
    crash_mark: str | None = None
    """How a line of its stderr begins that says what crashed it, if it writes one"""


def run_jobs(
    guest: Guest,
    folder: Path,
    jobs: Sequence[Job],
    seconds: float,
    progress: InputProgress | None = None,
    silence: float = SILENCE,
) -> Iterator[Outcome]:
    """Run artefacts one after the other on as many inputs as can be begun within `seconds` each, at least one.

    One process runs them, so that Python starts once; what crashes it costs one artefact and a new process. Files that
    pass between it and this process lie in `folder`.
    """
    left, threads = list(jobs), cores()
    while left:
        with started(guest, folder) as process:
            while left and process.alive:
                yield process.run(left.pop(0), seconds, threads, progress, silence)


@contextmanager
def started(guest: Guest, folder: Path, module: str = "exporter.worker.guest") -> Iterator[Process]:
    """A process that waits for orders, which `module` carries out; it ends with the block."""
    with (
        (folder / "stderr").open("w+", errors="replace") as errors,
        subprocess.Popen(
            [*guest.python, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env=dict(guest.environment),
        ) as process,
    ):
        try:
            yield Process(process, folder, guest.crash_mark)
        finally:
            process.kill()
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # of an order that a dead process did not read
                process.stdin.close()


class Process:
    """A process that takes one order after the other."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, crash_mark: str | None) -> None:
        self._process, self._folder, self._crash_mark = process, folder, crash_mark
        self._silent = False
        self.alive = True

    def run(self, job: Job, seconds: float, threads: int, progress: InputProgress | None, silence: float) -> Outcome:
        given, results = self._folder / "given.npz", self._folder / "actual.npz"
        np.savez(given, allow_pickle=False, **job.given)
        before = len(self.stderr())
        order = {
            "order": "job",
            "loader": job.loader,
            "file": str(job.path.resolve()),
            "given": str(given),
            "results": str(results),
            "seconds": seconds,
            "threads": threads,
        }
        self.send(order)
        while (event := self.receive(silence)) is not None and "done" in event:
            if progress is not None:
                progress(event["done"], event["count"])
        if event is None:
            error = self.last_words()
            return Outcome(None, {}, self.stderr()[before:], error)
        if "error" in event:
            return Outcome(None, {}, self.stderr()[before:], event["error"])
        with np.load(results) as actual:
            return Outcome(event["runtime"], dict(actual), self.stderr()[before:])

    def send(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # a dead process says so when it is listened to
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def receive(self, silence: float) -> dict[str, Any] | None:
        """The next event; None if the process has ended, or was ended because nothing came from it for too long."""
        assert self._process.stdout is not None
        timer = Timer(silence, self._end_silence)
        timer.daemon = True  # an interrupt must not wait for it
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        self.alive = line.endswith("\n")  # the last words of a process that is killed may be half a line
        return json.loads(line) if self.alive else None

    def _end_silence(self) -> None:
        self._silent = True
        self._process.kill()

    def stderr(self) -> str:
        """All that it has written there."""
        return (self._folder / "stderr").read_text(errors="replace")

    def last_words(self) -> str:
        """Why the process has ended; one that says nothing any more and goes on is ended."""
        if self._silent:
            return "no answer came, and it was ended"
        try:
            code = self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return "it did not come to its end, and was ended"
        stderr = self.stderr()
        if self._crash_mark is not None and (
            lines := [x for x in stderr.splitlines() if x.startswith(self._crash_mark)]
        ):
            return lines[-1]
        return f"its process crashed: {signal.Signals(-code).name}" if code < 0 else last_line(stderr)


def last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "it says nothing")
