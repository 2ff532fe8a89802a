"""The command line: parse, call the API, print. Results go to stdout, progress and errors to stderr.

A command is a file of this folder and a row of `group.COMMANDS`: its options, the call, and how the result is printed.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from device_profiles import UnknownDevice
from exporter.cli.exit_codes import FAILED, INTERRUPTED, MISTAKE, TERMINATED
from exporter.cli.group import cli
from exporter.errors import VerificationError, VitexportError


def main() -> NoReturn:
    """Entry point: every mistake becomes one line and exit code 2, a failed verification exit code 1."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = cli(sys.argv[1:] or ["--help"], standalone_mode=False)
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
        sys.exit(MISTAKE)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}; nothing was left behind.", MISTAKE)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"vitexport: {message}", err=True)
    sys.exit(code)


def _terminate(*_: object) -> NoReturn:
    # Raised as an exception, so that what is half-written is removed on the way out.
    sys.exit(TERMINATED)
