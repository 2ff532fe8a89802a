"""Runs `vitexport` as a user does: in this process, which is quick, or in one of its own, as only some tests need."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO
from unittest.mock import patch

from exporter.cli import main
from exporter.exit_codes import FAULT

VITEXPORT = [sys.executable, "-c", "from exporter.cli import main; main()"]
QUICK = ["--image-size", "64", "--weights", "random", "--workers", "1"]


def run(*arguments: str, faults: bool = False) -> subprocess.CompletedProcess[str]:
    """`vitexport` in this process; what comes out is read from the descriptors, as much of it is C++'s.

    Errors that nobody foresaw are raised here, unless `faults` is set to look at what is made of them.
    """
    before = signal.getsignal(signal.SIGTERM)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            with _descriptor_to(1, out), _descriptor_to(2, err), patch.object(sys, "argv", ["vitexport", *arguments]):
                main()
        except SystemExit as exit:
            code, cause = exit.code, exit.__context__
        finally:
            signal.signal(signal.SIGTERM, before)
        shown = [stream.read() for stream in (out, err) if stream.seek(0) == 0]
    if code == FAULT and not faults:
        raise cause
    assert isinstance(code, int)
    return subprocess.CompletedProcess(["vitexport", *arguments], code, *shown)


@contextmanager
def _descriptor_to(number: int, file: IO[str]) -> Iterator[None]:
    """What is written to stdout or stderr goes to a file, whether Python writes it or C++."""
    saved = os.dup(number)
    # It is never closed: whoever has kept it, as loggers do, writes on to the descriptor.
    stream = open(number, "w", buffering=1, closefd=False)  # noqa: SIM115
    os.dup2(file.fileno(), number)
    try:
        with redirect_stdout(stream) if number == 1 else redirect_stderr(stream):
            yield
    finally:
        stream.flush()
        os.dup2(saved, number)
        os.close(saved)


def run_process(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """`vitexport` in a process of its own, in which errors that nobody foresaw are a failure of the test."""
    environment = {**options.pop("env", os.environ), "VITEXPORT_TRACEBACK": "1"}
    done = subprocess.run(
        [*VITEXPORT, *arguments], capture_output=True, text=True, check=False, env=environment, **options
    )
    assert done.returncode != FAULT, done.stderr
    return done


def assert_one_sentence(done: subprocess.CompletedProcess[str], complaint: str) -> None:
    """That a mistake was answered with one line, on stderr, and exit code 2."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert done.stderr.startswith("vitexport: ")
    assert done.stderr.count("\n") == 1
