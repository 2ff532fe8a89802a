"""Ctrl-C and SIGTERM come through, whatever a toolchain makes of the exception that they raise inside it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from exporter.cli.exit_codes import TERMINATED
from exporter.errors import VitexportError


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Interrupts come through: what a toolchain swallows is raised anew when the yielded function is called next.

    Where Python is called from C++, an exception may be lost, or become an error of the toolchain's own.
    """
    received: list[type[BaseException]] = []

    def receive(number: int, frame: object) -> NoReturn:
        received.append(KeyboardInterrupt if number == signal.SIGINT else SystemExit)
        raise_received()
        raise AssertionError("raise_received raises what was received")

    def raise_received() -> None:
        if received:
            raise received[0](*([TERMINATED] if received[0] is SystemExit else []))

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, receive) for number in numbers}
    try:
        yield raise_received
    except VitexportError:
        raise_received()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
