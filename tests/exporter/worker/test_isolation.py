"""Forks and their parent: interrupts, deaths, scratch files, threads and streams of one do not harm the other."""

import contextlib
import gc
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from exporter.errors import BackendError
from exporter.worker.fork import Fork
from exporter.worker.stages import Stage
from tests.exporter.worker.pieces_of_work import after, pid, run, sleeps, wait_for
from tests.processes import gone

pytestmark = pytest.mark.usefixtures("signals")


def test_an_interrupt_leaves_no_process(tmp_path):
    """Ctrl-C comes to this process while it waits."""
    file = tmp_path / "pid"

    def interrupts(report):
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(600)

    with pytest.raises(KeyboardInterrupt):
        run([Stage("a", after(file, interrupts)), Stage("b", sleeps(file))])
    assert gone(int(file.read_text()))
    assert multiprocessing.active_children() == []


def test_an_interrupt_that_progress_raises_leaves_no_process(tmp_path):
    file = tmp_path / "pid"

    def progress(what, share):
        if what == "a, now":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([Stage("a", after(file, lambda report: report("now", 0.5))), Stage("b", sleeps(file))], progress=progress)
    assert gone(int(file.read_text()))


def test_ctrl_c_in_a_terminal_is_for_the_parent_to_act_on(tmp_path):
    """A terminal interrupts all processes: those of the stages go on until they are ended."""
    os_interrupts = lambda report: os.kill(os.getpid(), signal.SIGINT) or "went on"  # noqa: E731
    assert run([Stage("a", os_interrupts), Stage("b", pid)])["a"] == "went on"


def test_when_the_parent_is_killed_its_processes_end_too(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # nobody is left to tidy up
    files = [tmp_path / "a", tmp_path / "b"]
    parent = multiprocessing.get_context("fork").Process(target=run, args=([Stage(f.name, sleeps(f)) for f in files],))
    parent.start()
    for file in files:
        wait_for(file)
    parent.kill()
    parent.join()
    assert all(gone(int(file.read_text())) for file in files)


def test_a_process_that_nobody_asks_any_more_ends(tmp_path):
    """As where an interrupt came before anybody knew of it."""
    fork = Fork({}, str(tmp_path))
    fork.start()
    (process,) = multiprocessing.active_children()
    fork.connection.close()
    process.join(timeout=30)
    assert process.exitcode == 0


def test_scratch_files_go_with_the_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def leaves_something(report):
        folder = tempfile.mkdtemp()
        (Path(folder) / "weights").touch()
        return folder, os.environ["TMPDIR"]

    before = os.environ.get("TMPDIR")
    results = run([Stage("a", leaves_something), Stage("b", leaves_something)])
    for folder, for_programs in results.values():
        assert Path(folder).parent == Path(for_programs)
        assert Path(for_programs).parent == tmp_path
    assert list(tmp_path.iterdir()) == []
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == (str(tmp_path), before)


def test_scratch_files_go_after_an_error_too(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fails(report):
        tempfile.mkdtemp()
        raise BackendError("no good")

    with pytest.raises(BackendError):
        run([Stage("a", fails), Stage("b", pid)])
    assert list(tmp_path.iterdir()) == []


def test_pytorch_does_not_wait_for_threads_that_the_fork_has_left_behind():
    """A pool of two threads has been at work here; large enough products and convolutions would hand it theirs."""
    torch.set_num_threads(2)
    try:
        square = torch.rand(256, 256)
        assert (square @ square).shape == (256, 256)
        image, kernels = torch.rand(1, 16, 64, 64), torch.rand(16, 16, 3, 3)
        here = torch.nn.functional.conv2d(image, kernels)

        def convolves(report):
            return float((square @ square).sum()), torch.nn.functional.conv2d(image, kernels).numpy()

        results = run([Stage("a", convolves), Stage("b", convolves)])
    finally:
        torch.set_num_threads(1)
    for _, there in results.values():
        np.testing.assert_allclose(there, here.numpy(), rtol=1e-4, atol=1e-4)


HIDES = """
import logging, os, sys
from exporter.toolchain_noise import hidden
from exporter.worker.fork import Fork
from exporter.worker.stages import Stage, run_stages

def noise(report):
    print("from Python")
    print("from Python, to stderr", file=sys.stderr)
    logging.getLogger("toolchain").warning("from a logger")
    os.system("echo from a program; echo from a program >&2")
    os.write(2, b"from C++")

with hidden() as terminal:
    run_stages([Stage("a", noise), Stage("b", noise)], 2, lambda what, share: None)
    print("seen", file=terminal)
run_stages([Stage("a", noise), Stage("b", lambda report: None)], 2, lambda what, share: None)
"""


def test_what_a_stage_prints_goes_where_this_process_has_it_go():
    """Hidden, nothing is seen of it; then all of it, once."""
    done = subprocess.run([sys.executable, "-c", HIDES], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["from Python", "from a program"]
    assert done.stderr.splitlines() == ["seen", "from Python, to stderr", "from a logger", "from a program", "from C++"]


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "in memory"])
def test_a_stage_may_print_whatever_stdout_is_here(stream):
    with contextlib.redirect_stdout(stream):
        assert set(run([Stage(name, lambda report: print("noise")) for name in "ab"])) == {"a", "b"}


class SlowFile(io.FileIO):
    """A file that takes its time, as a terminal may."""

    def write(self, content):
        time.sleep(0.02)
        return super().write(content)


def test_a_thread_that_prints_while_processes_are_forked_stops_none_of_them(tmp_path, monkeypatch):
    """A progress bar is drawn by a thread: at the fork it may hold the lock of stderr, which nobody then lets go."""
    slow = io.TextIOWrapper(io.BufferedWriter(SlowFile(tmp_path / "terminal", "w")), write_through=True)
    monkeypatch.setattr(sys, "stderr", slow)
    ended = threading.Event()

    def draws():
        while not ended.is_set():
            slow.write("bar")

    thread = threading.Thread(target=draws, daemon=True)
    thread.start()
    try:
        for _ in range(5):
            run([Stage(name, lambda report: print("noise", file=sys.stderr)) for name in "abc"], workers=3)
    finally:
        ended.set()
        thread.join()


class Closed:
    """What says by whom it is closed, once it is collected."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.itself = folder, self  # in a cycle, which only the collector finds

    def __del__(self) -> None:
        (self.folder / str(os.getpid())).touch()


def test_a_fork_collects_nothing_that_its_parent_left(tmp_path):
    """Closing it there may wait for threads that are not there, such as those of an encoder."""

    def collects(report):
        gc.collect()
        return sorted(path.name for path in tmp_path.iterdir())

    gc.collect()
    gc.disable()
    try:
        Closed(tmp_path)
        results = run([Stage("a", collects), Stage("b", collects)])
    finally:
        gc.enable()
    assert results == {"a": [], "b": []}
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_a_fork_collects_what_it_leaves_itself(tmp_path):
    def leaves(report):
        Closed(tmp_path)
        assert gc.isenabled()
        gc.collect()
        return [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]

    assert run([Stage("a", leaves), Stage("b", pid)])["a"]
    assert gc.isenabled()
