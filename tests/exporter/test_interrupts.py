"""Interrupts come through what swallows exceptions, or makes others of them."""

import os
import signal
from contextlib import suppress

import pytest

from exporter.errors import BackendError
from exporter.interrupts import TERMINATED, heeded


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interrupt_is_raised_where_it_comes(number, raised):
    with pytest.raises(raised), heeded():
        send(number)


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_one_that_was_swallowed_is_raised_at_the_next_step(number, raised):
    with pytest.raises(raised) as found, heeded() as heed:
        with suppress(BaseException):
            send(number)
        heed()
    assert raised is KeyboardInterrupt or found.value.code == TERMINATED


def test_one_that_became_a_toolchains_error_stays_an_interrupt():
    with pytest.raises(KeyboardInterrupt), heeded():
        try:
            send(signal.SIGINT)
        except BaseException as error:
            raise BackendError("tflite cannot lower classify (RuntimeError: KeyboardInterrupt).") from error


def test_an_error_without_an_interrupt_stays_one():
    with pytest.raises(BackendError), heeded() as heed:
        heed()
        raise BackendError("onnx cannot lower classify.")


def test_what_was_in_force_before_is_again():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with heeded():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
