"""The command line: parse, call the API, print. Results go to stdout, progress and errors to stderr.

A command is a file of this folder and a row of `group.COMMANDS`: its options, the call, and how the result is printed.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import click

from device_profiles import UnknownDevice
from exporter.cli.exit_codes import FAILED, INTERRUPTED, MISTAKE, TERMINATED
from exporter.cli.group import cli
from exporter.errors import VerificationError, VitexportError
from exporter.printable import complain, print_in_any_encoding


def main() -> NoReturn:
    """Entry point: every mistake becomes one line and exit code 2, a failed verification exit code 1."""
    signal.signal(signal.SIGTERM, _terminate)
    print_in_any_encoding()
    try:
        code = cli(sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as ended:
        if ended.code == TERMINATED:
            _fail("Terminated; nothing was left behind.", TERMINATED)
        raise
    except click.ClickException as error:
        _fail(error.format_message(), MISTAKE)
    except (KeyboardInterrupt, click.Abort):
        _fail("Interrupted; nothing was left behind.", INTERRUPTED)
    except VerificationError as error:
        _fail(str(error), FAILED)
    except (VitexportError, UnknownDevice) as error:
        _fail(str(error), MISTAKE)
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed, and this needs it: pip install 'vitexport[all]'.", MISTAKE)
    except BrokenPipeError:
        _give_stdout_up()
        sys.exit(MISTAKE)
    except OSError as error:
        _give_stdout_up()
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}; nothing was left behind.", MISTAKE)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> NoReturn:
    complain("vitexport", message)
    sys.exit(code)


def _give_stdout_up() -> None:
    """Let what is still to be written there be lost: Python would try again at its end, and complain in its own way."""
    with suppress(OSError, ValueError):  # it is closed, or no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(*_: object) -> NoReturn:
    # Raised as an exception, so that what is half-written is removed on the way out.
    sys.exit(TERMINATED)
