"""The command line: parse, call the API, print. Results go to stdout, progress and errors to stderr.

A command is a file of this folder and a row of `group.COMMANDS`: its options, the call, and how the result is printed.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from device_profiles import UnknownDevice
from exporter import faults
from exporter.cli.group import cli
from exporter.errors import MissingPackageError, VerificationError, VitexportError
from exporter.exit_codes import FAILED, FAULT, INTERRUPTED, MISTAKE, TERMINATED, UNREAD
from exporter.printable import complain, give_up, open_closed_streams, print_in_any_encoding

_REMOVED = "what was begun is removed, by the next run at the latest."
_KEPT = {
    "serve": "what was posted is kept.",
    "slim": "what was done is kept: pass --resume to go on with it.",
}
"""Command -> what becomes of what it had begun, where it is not removed"""


def main() -> NoReturn:
    """Entry point: every error becomes one line and an exit code.

    2 is a mistake's, 1 a failed verification's, 3 that of an error that nobody foresaw.
    """
    begun = _KEPT.get(next(iter(sys.argv[1:]), ""), _REMOVED)
    signal.signal(signal.SIGTERM, _terminate)
    open_closed_streams()
    print_in_any_encoding()
    try:
        code = cli(sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as ended:
        if ended.code == TERMINATED:
            _fail(f"Terminated; {begun}", TERMINATED)
        raise
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(MISTAKE)
    except click.ClickException as error:
        _fail(error.format_message(), MISTAKE)
    except (KeyboardInterrupt, click.Abort):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one may come while Python ends
        _fail(f"Interrupted; {begun}", INTERRUPTED)
    except VerificationError as error:
        _fail(str(error), FAILED)
    except (VitexportError, UnknownDevice) as error:
        _fail(str(error), MISTAKE)
    except ModuleNotFoundError as error:
        _fail(str(MissingPackageError(error)), MISTAKE)
    except BrokenPipeError:
        give_up(sys.stdout)
        sys.exit(UNREAD)
    except OSError as error:
        give_up(sys.stdout)
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}; {begun}", MISTAKE)
    except BaseException as error:  # of which panics in Rust are one
        faults.report("vitexport", error)
        sys.exit(FAULT)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> NoReturn:
    complain("vitexport", message)
    sys.exit(code)


def _terminate(*_: object) -> NoReturn:
    # Raised as an exception, so that what is half-written is removed on the way out.
    sys.exit(TERMINATED)
