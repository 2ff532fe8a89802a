"""Ctrl-C and SIGTERM come through, whatever a toolchain makes of the exception that they raise inside it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from exporter.errors import VitexportError
from exporter.exit_codes import TERMINATED

_UNTIL_NEXT_LOOK = 0.05
"""Seconds until it is looked again whether an import is done"""


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Interrupts come through: what a toolchain swallows is raised anew when the yielded function is called next.

    Where Python is called from C++, an exception may be lost, or become an error of the toolchain's own. Amidst an
    import it may end the process: an extension module that registers its types does not expect any. So it waits until
    the import is done.
    """
    received: list[type[BaseException]] = []

    def receive(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGALRM:
            received.append(KeyboardInterrupt if number == signal.SIGINT else SystemExit)
        if _imports(frame):
            signal.setitimer(signal.ITIMER_REAL, _UNTIL_NEXT_LOOK)
        else:
            raise_received()

    def raise_received() -> None:
        if received:
            raise received[0](*([TERMINATED] if received[0] is SystemExit else []))

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, receive) for number in (*numbers, signal.SIGALRM)}
    try:
        yield raise_received
    except VitexportError:
        raise_received()
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported, perhaps by a module that is being imported."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
