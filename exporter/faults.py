"""Errors that nobody foresaw: one sentence for everybody, and the traceback for whoever asks for it."""

from __future__ import annotations

import os
import sys
import traceback

from exporter.errors import describe
from exporter.printable import complain, print_on_stderr, printable


def report(program: str, error: BaseException) -> None:
    """Say on stderr what it was, and how to report it; before that, the traceback if that is asked for.

    Its lines are indented, so that none of them can be taken for a message.
    """
    if os.environ.get("VITEXPORT_TRACEBACK") or "--verbose" in sys.argv:
        for line in "".join(traceback.format_exception(error)).rstrip().split("\n"):
            print_on_stderr(f"  {printable(line)}")
    complain(
        program,
        f"An error that nobody foresaw ({describe(error)}); please report it to vitexport's issue tracker, with the "
        "command and the traceback that VITEXPORT_TRACEBACK=1 shows.",
    )
