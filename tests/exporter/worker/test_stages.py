"""Stages of a piece of work in forks: what each is given, what runs beside what, and how it ends whatever happens."""

import contextlib
import errno
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

from exporter.errors import BackendError, BundleError, UnknownModelError
from exporter.worker.fork import Fork
from exporter.worker.stages import Stage, run_stages

MINUTE = 60.0
"""Seconds, more than any of this takes"""


@pytest.fixture(autouse=True)
def signals():
    """An interrupt is raised, and what hangs fails."""

    def expired(*_):
        raise TimeoutError("it hangs")

    handlers = {signal.SIGALRM: expired, signal.SIGINT: signal.default_int_handler}  # in the background there is none
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    signal.setitimer(signal.ITIMER_REAL, MINUTE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


def run(stages, workers=2, progress=lambda what, share: None):
    return run_stages(stages, workers, progress)


def pid(report, *given):
    return os.getpid()


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.002)


def meets(folder: Path, own: str, other: str):
    """Work that is done only while the other's is: each waits until the other has begun."""

    def work(report, *given):
        (folder / own).touch()
        wait_for(folder / other)
        return os.getpid()

    return work


def gone(process: int) -> bool:
    """Whether a process ends within a moment; else it is ended here."""
    for _ in range(500):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if "Z (zombie)" in Path(f"/proc/{process}/status").read_text():
            return True  # it is only waiting for whoever is to bury it
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    return False


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_a_stage_is_given_the_results_of_those_it_builds_on_in_its_own_order(workers):
    stages = [
        Stage("two", lambda report: 2),
        Stage("three", lambda report: 3),
        Stage("power", lambda report, base, exponent: base**exponent, after=("three", "two")),
        Stage("sum", lambda report, power, two: power + two, after=("power", "two")),
    ]
    assert run(stages, workers) == {"two": 2, "three": 3, "power": 9, "sum": 11}


@pytest.mark.parametrize("workers", [1, 2])
def test_no_stages_have_no_results(workers):
    assert run([], workers) == {}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "stages",
    [[Stage("b", pid, after=("a",)), Stage("a", pid)], [Stage("a", pid, after=("z",))], [Stage("a", pid)] * 2],
    ids=["listed before it", "unknown", "twice"],
)
def test_a_list_that_is_in_no_order_is_refused(stages, workers):
    with pytest.raises(ValueError, match="there twice, or listed before one"):
        run(stages, workers)


def test_stages_run_side_by_side(tmp_path):
    results = run([Stage("a", meets(tmp_path, "a", "b")), Stage("b", meets(tmp_path, "b", "a"))])
    assert len({*results.values(), os.getpid()}) == 3


def test_one_worker_runs_all_of_them_here_as_they_are_listed():
    order = []
    results = run([Stage(name, lambda report, name=name: order.append(name) or os.getpid()) for name in "cab"], 1)
    assert order == ["c", "a", "b"]
    assert set(results.values()) == {os.getpid()}


def test_a_stage_has_what_this_process_has_without_its_being_sent():
    lock = threading.Lock()  # it cannot be pickled
    assert run([Stage("a", lambda report: lock.locked()), Stage("b", pid)])["a"] is False


class Interval:
    """Work that takes a moment, and returns when."""

    def __call__(self, report, *given):
        begun = time.monotonic()
        time.sleep(0.05)
        return begun, time.monotonic()


def overlap(one, other):
    return one[0] < other[1] and other[0] < one[1]


def test_nothing_runs_beside_a_stage_that_is_timed():
    results = run(
        [
            Stage("first timed", Interval(), alone=True),
            *(Stage(f"{i}", Interval()) for i in range(3)),
            Stage("second timed", Interval(), alone=True),
        ],
        workers=3,
    )
    for timed in ("first timed", "second timed"):
        others = [interval for name, interval in results.items() if name != timed]
        assert not any(overlap(results[timed], other) for other in others)
    assert any(overlap(results["0"], results[name]) for name in "12")


def test_a_stage_may_build_on_one_that_is_timed():
    stages = [
        Stage("a", Interval()),
        Stage("timed", Interval(), after=("a",), alone=True),
        Stage("b", Interval(), after=("timed",)),
        Stage("timed again", Interval(), after=("b",), alone=True),
    ]
    intervals = list(run(stages).values())
    assert intervals == sorted(intervals)


def test_a_process_stays_with_a_group(tmp_path):
    names = ("a1", "b1", "b2", "a2")
    others = {"a1": "b1", "b1": "a1", "a2": "b2", "b2": "a2"}
    found = run([Stage(name, meets(tmp_path, name, others[name]), group=name[0]) for name in names])
    assert found["a1"] == found["a2"] != found["b1"] == found["b2"]


@pytest.mark.parametrize("alone", [False, True])
def test_of_idle_processes_the_one_of_the_group_takes_a_stage(tmp_path, alone):
    a, b = (Stage(one, meets(tmp_path, one, other), group=one) for one, other in ("ab", "ba"))
    later = [Stage(f"{one} again", pid, ("a", "b"), group=one, alone=alone) for one in "ba"]
    found = run([a, b, *later[:1]])
    assert found["b again"] == found["b"]
    found = run([a, b, later[1]])
    assert found["a again"] == found["a"]


def test_processes_spread_over_the_groups():
    begun = []
    run(
        [Stage(name, pid, group=name[0]) for name in ("a1", "a2", "b1")],
        progress=lambda what, share: begun.append(what),
    )
    assert begun[:2] == ["a1", "b1"]


def test_a_process_takes_a_stage_of_another_group_rather_than_none(tmp_path):
    a, b = Stage("a", meets(tmp_path, "a", "b"), group="same"), Stage("b", meets(tmp_path, "b", "a"), group="same")
    assert len(set(run([a, b]).values())) == 2


def test_the_beginning_of_the_longest_chain_comes_first():
    begun = []
    stages = [
        *(Stage(f"long {i}", pid, weight=4.0) for i in range(3)),
        Stage("reference", pid),
        Stage("step", pid, after=("reference",)),
        Stage("verify", pid, after=("step",), weight=3.0),
    ]
    run(stages, progress=lambda what, share: begun.append(what))
    assert begun[0] == "reference"


def test_a_long_chain_comes_before_more_of_the_same_group(tmp_path):
    stages = [
        Stage("a1", meets(tmp_path, "a", "b"), group="a"),
        Stage("b1", meets(tmp_path, "b", "a"), group="b"),
        *(Stage(f"a{i}", Interval(), ("a1", "b1"), group="a") for i in (2, 3)),
        Stage("c1", Interval(), ("a1", "b1"), group="c", weight=2.0),
    ]
    results = run(stages)
    assert results["c1"][0] < max(results["a2"][0], results["a3"][0])


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_goes_from_nothing_to_all_and_never_back(workers):
    def work(report, *given):
        for share in (0.0, 0.5, 0.25, 1.0, 1.5):
            report(f"at {share}", share)

    seen = []
    stages = [
        Stage("a", work, weight=3.0),
        Stage("b", work),
        Stage("c", work, after=("a",), weight=0.7),
        Stage("d", pid),
    ]
    run(stages, workers, lambda what, share: seen.append((what, share)))
    shares = [share for _, share in seen]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)
    assert {"a", "b", "c", "a, at 0.5", "c, at 1.0"} <= {what for what, _ in seen}
    assert seen[0][0] in ("a", "b")


class Peculiar(Exception):
    """Takes other arguments than it keeps."""

    def __init__(self, left, right):
        super().__init__(f"{left} is not {right}")


class Emphatic(Exception):
    """Says something else once it has been pickled."""

    def __init__(self, message):
        super().__init__(f"{message}!")


def raises(error):
    def work(report):
        raise error

    return work


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "error",
    [BackendError("no such thing; pip install it."), BundleError("gone"), UnknownModelError("vit"), ValueError(1, 2)],
    ids=repr,
)
def test_an_error_is_raised_here_as_what_it_is(error, workers):
    with pytest.raises(type(error)) as raised:
        run([Stage("a", raises(error)), Stage("b", pid)], workers)
    assert raised.type is type(error)
    assert (str(raised.value), raised.value.args) == (str(error), error.args)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_keeps_its_number_and_its_file(workers):
    full = OSError(errno.ENOSPC, "No space left on device", "/out/model.onnx")
    with pytest.raises(OSError, match="No space left on device") as raised:
        run([Stage("a", raises(full)), Stage("b", pid)], workers)
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, "/out/model.onnx")


def test_a_module_that_is_not_installed_keeps_its_name():
    def work(report):
        import no_such_toolchain  # noqa: F401

    with pytest.raises(ModuleNotFoundError) as raised:
        run([Stage("a", work), Stage("b", pid)])
    assert raised.value.name == "no_such_toolchain"


class Held(Exception):
    """Holds something that stays where it is."""

    def __init__(self, message):
        super().__init__(message)
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Held("it holds a lock"), "Held: it holds a lock"),
        (Peculiar("this", "that"), "Peculiar: this is not that"),
        (Emphatic("so"), "Emphatic: so!"),
        (type("Local", (Exception,), {})("of a type that nobody finds"), "Local: of a type that nobody finds"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: no message"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_of_an_error_that_cannot_travel_type_and_message_are_said(error, said):
    with pytest.raises(RuntimeError) as raised:
        run([Stage("a", raises(error)), Stage("b", pid)])
    assert str(raised.value) == said


def test_an_error_notes_where_in_the_other_process_it_was_raised_and_what_caused_it():
    def work(report):
        try:
            raise KeyError("the cause")
        except KeyError as cause:
            raise BackendError("the error") from cause

    with pytest.raises(BackendError) as raised:
        run([Stage("a", work), Stage("b", pid)])
    (note,) = raised.value.__notes__
    assert __file__ in note
    assert "KeyError: 'the cause'" in note


def test_a_result_that_cannot_be_sent_is_an_error_and_no_silence():
    with pytest.raises((TypeError, AttributeError), match="pickle"):
        run([Stage("a", lambda report: threading.Lock()), Stage("b", pid)])


def sleeps(file: Path):
    """Work that never ends, and says by whom it is done."""

    def work(report):
        file.with_suffix(".part").write_text(str(os.getpid()))
        file.with_suffix(".part").rename(file)
        time.sleep(600)

    return work


def after(file: Path, work):
    """Work that begins once a file is there."""

    def waits(report):
        wait_for(file)
        return work(report)

    return waits


def test_an_error_ends_what_runs_beside_it(tmp_path):
    file = tmp_path / "pid"
    with pytest.raises(BackendError, match="no good"):
        run([Stage("a", after(file, raises(BackendError("no good")))), Stage("b", sleeps(file))])
    assert gone(int(file.read_text()))


def kills_itself(report):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("death", "how"), [(lambda report: os._exit(7), "exit code 7"), (kills_itself, "SIGKILL")], ids=["exit", "kill"]
)
def test_a_process_that_ends_amidst_a_stage_is_said_with_what_to_do(tmp_path, death, how):
    file = tmp_path / "pid"
    with pytest.raises(BackendError) as raised:
        run([Stage("onnx: lower classify", after(file, death)), Stage("b", sleeps(file))])
    assert str(raised.value) == (
        f"onnx: lower classify: its process was ended ({how}), perhaps for want of memory: pass --workers 1."
    )
    assert gone(int(file.read_text()))


def test_a_process_that_ends_between_two_stages_is_said_too(tmp_path):
    def end(report, *processes):
        for process in processes:
            if process != os.getpid():
                os.kill(process, signal.SIGKILL)
                assert gone(process)

    stages = [
        *(Stage(own, meets(tmp_path, own, other)) for own, other in ("ab", "ba")),
        Stage("end", end, ("a", "b")),
        *(Stage(own, meets(tmp_path, own, other), ("end",)) for own, other in ("cd", "dc")),
    ]
    with pytest.raises(BackendError, match=r"^[cd]: its process was ended \(SIGKILL\)"):
        run(stages)


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
