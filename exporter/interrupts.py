"""Ctrl-C and SIGTERM come through, whatever a toolchain makes of the exception that they raise inside it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from exporter.errors import VitexportError

TERMINATED = 143
"""Exit code of a process that SIGTERM ended: 128 and its number"""


@contextmanager
def heeded() -> Iterator[Callable[[], None]]:
    """Interrupts come through: what a toolchain swallows is raised anew when the yielded function is called next.

    Where Python is called from C++, an exception may be lost, or become an error of the toolchain's own.
    """
    received: list[type[BaseException]] = []

    def receive(number: int, frame: object) -> NoReturn:
        received.append(KeyboardInterrupt if number == signal.SIGINT else SystemExit)
        heed()
        raise AssertionError("heed raises what was received")

    def heed() -> None:
        if received:
            raise received[0](*([TERMINATED] if received[0] is SystemExit else []))

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, receive) for number in numbers}
    try:
        yield heed
    except VitexportError:
        heed()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
