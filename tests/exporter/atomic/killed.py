"""Work in a process that gets a signal before one of its file calls: killed there, as if the power had failed."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_FILE_CALLS = ("open", "os.", "shutil.", "fcntl.", "ctypes.dlopen")
"""How the audit events of calls that look at files, or change them, begin. `ctypes.dlopen` comes before an exchange."""


def in_fork(work: Callable[[], object]) -> int:
    """Do some work in a fork of this process; returns its exit code, negative for a signal."""
    process = os.fork()
    if process == 0:
        gc.disable()  # what the parent left is not this process's to close
        try:
            work()
            os._exit(0)
        except KeyboardInterrupt:
            os._exit(130)
        finally:
            os._exit(1)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def signal_before(call: int, number: signal.Signals, begin: str = "") -> None:
    """Send this process a signal before its next file call but `call`, and never again.

    Calls count from the first one on whose path ends in `begin`.
    """
    calls = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal calls
        if event.startswith(_FILE_CALLS) and (calls or str(arguments[0]).endswith(begin)):
            calls += 1
            if calls == call + 1:
                os.kill(os.getpid(), number)

    sys.addaudithook(count)


def killed_everywhere(prepare: Callable[[], object], work: Callable[[], object], begin: str = "") -> Iterator[int]:
    """Kill some work before each of its file calls in turn, `prepare`d anew each time: yields after each.

    Calls before the first one whose path ends in `begin` are left out.
    """
    call = 0
    while True:
        prepare()
        code = in_fork(lambda call=call: (signal_before(call, signal.SIGKILL, begin), work()))
        if code == 0:
            assert call > 10, "hardly anything was done"
            return
        assert code == -signal.SIGKILL
        yield call
        call += 1


def contents(folder: Path) -> dict[str, str]:
    """All files in a folder, hidden ones too: their text by their paths in it."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
