"""Stages that fail, and processes that end amidst them: what is raised, and what is left."""

import errno
import os
import signal
import threading

import pytest

from exporter.errors import BackendError, BundleError, UnknownModelError
from exporter.worker.stages import Stage
from tests.exporter.worker.pieces_of_work import after, meets, pid, raises, run, sleeps
from tests.processes import gone

pytestmark = pytest.mark.usefixtures("signals")


class Peculiar(Exception):
    """Takes other arguments than it keeps."""

    def __init__(self, left, right):
        super().__init__(f"{left} is not {right}")


class Emphatic(Exception):
    """Says something else once it has been pickled."""

    def __init__(self, message):
        super().__init__(f"{message}!")


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
