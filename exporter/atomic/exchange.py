"""Two paths change places in one step, where the system and the file system can."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
"""Linux, renameat2(2)"""
_RENAME_SWAP = 2
"""macOS, renamex_np(2)"""
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What systems and file systems say that do not know it"""


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders, of any kinds, change places; False, with nothing changed, where that cannot be had.

    Raises `OSError` for what would fail as a rename does too.
    """
    library, (a, b) = ctypes.CDLL(None, use_errno=True), (os.fsencode(one), os.fsencode(other))
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, a, _AT_FDCWD, b, ctypes.c_uint(_RENAME_EXCHANGE))
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(a, b, ctypes.c_uint(_RENAME_SWAP))
    else:
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))
