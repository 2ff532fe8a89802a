"""A process that ends with the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2)"""


def end_with(parent: int) -> None:
    """Have the system kill this process when its parent ends, where the C library knows how to ask for that."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:  # it was gone before that
        os._exit(1)
