"""Work that takes a while: a progress bar on stderr, no toolchain noise, and interrupts that come through.

Warnings of ours are printed when the work is done, a line each; of a mistake only the mistake is.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from exporter.cli.interrupts import interruptible
from exporter.errors import VitexportWarning
from exporter.toolchain_noise import hidden

if TYPE_CHECKING:
    from exporter.backends.runner import Progress


_MOST_WARNINGS = 5
"""A folder of frames may have one for each."""


@contextmanager
def working(verbose: bool) -> Iterator[Progress]:
    """Work with a progress bar and, unless `verbose`, without the toolchains' own output."""
    told = list[str]()
    with (
        _collected(told),
        nullcontext(sys.stderr) if verbose else hidden() as stream,
        progress_bar(stream) as progress,
        interruptible() as raise_received,
    ):

        def step(what: str, share: float) -> None:
            raise_received()
            progress(what, share)

        yield step
    for message in told[:_MOST_WARNINGS]:
        click.echo(f"vitexport: {message}", err=True)
    if len(told) > _MOST_WARNINGS:
        click.echo(f"vitexport: There are {len(told) - _MOST_WARNINGS} more warnings like these.", err=True)


@contextmanager
def _collected(told: list[str]) -> Iterator[None]:
    """Each of our warnings goes into `told`, once; others are shown as before."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", VitexportWarning)
        show = warnings.showwarning

        def collect(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, VitexportWarning):
                show(message, category, filename, lineno, file, line)
            elif str(message) not in told:
                told.append(str(message))

        warnings.showwarning = collect
        yield


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Progress]:
    """A bar on `stream`, silent when that is no terminal."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    console = Console(file=stream)
    # Redirecting is `hidden`'s work: rich's own would carry what toolchains print past it, to the terminal.
    with Bar(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
