"""Interrupts come through what swallows exceptions, or makes others of them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from exporter.cli.interrupts import interruptible
from exporter.errors import BackendError
from exporter.exit_codes import TERMINATED


@pytest.fixture(autouse=True)
def signals_arrive():
    """A shell's background jobs, and so their children, ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interrupt_is_raised_where_it_comes(number, raised):
    with pytest.raises(raised), interruptible():
        send(number)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_one_that_was_swallowed_is_raised_at_the_next_step(number, raised):
    with pytest.raises(raised) as found, interruptible() as raise_received:
        with suppress(BaseException):
            send(number)
        raise_received()
    assert raised is KeyboardInterrupt or found.value.code == TERMINATED


def test_one_that_became_a_toolchains_error_stays_an_interrupt():
    with pytest.raises(KeyboardInterrupt), interruptible():
        try:
            send(signal.SIGINT)
        except BaseException as error:
            raise BackendError("tflite cannot lower classify (RuntimeError: KeyboardInterrupt).") from error


def test_an_error_without_an_interrupt_stays_one():
    with pytest.raises(BackendError), interruptible() as raise_received:
        raise_received()
        raise BackendError("onnx cannot lower classify.")


def test_what_was_in_force_before_is_again():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_that_is_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interruptible() as raise_received:
        send(signal.SIGINT)
        raise_received()


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_one_that_comes_amidst_an_import_waits_until_it_is_done(number, raised, tmp_path, monkeypatch):
    (tmp_path / "interrupted.py").write_text(f"import os\nos.kill(os.getpid(), {int(number)})\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    begun = time.monotonic()
    with pytest.raises(raised), interruptible():
        import interrupted

        while time.monotonic() < begun + 10:
            pass
    assert interrupted.whole
    assert time.monotonic() < begun + 10
    del sys.modules["interrupted"]


def test_a_second_interrupt_while_python_ends_changes_nothing():
    """The first comes while the table is printed."""
    code = """
import atexit, os, signal, sys
from exporter.cli import main

class Interrupted:
    def __getattr__(self, name):
        return getattr(sys.__stdout__, name)
    def write(self, text):
        signal.raise_signal(signal.SIGINT)

atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.stdout, sys.argv = Interrupted(), ["vitexport", "models", "--json"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 130
    assert done.stderr.startswith("vitexport: Interrupted")
    assert len(done.stderr.splitlines()) == 1
