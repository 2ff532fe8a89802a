"""Work that takes a while: a progress bar on stderr, no toolchain noise, and interrupts that come through."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from exporter.cli.collected_warnings import collected_warnings
from exporter.cli.interrupts import interruptible
from exporter.printable import printable
from exporter.scratch import scratch
from exporter.toolchain_noise import hidden

if TYPE_CHECKING:
    from exporter.backends.runner import Progress


@contextmanager
def working(verbose: bool) -> Iterator[Progress]:
    """Work with a progress bar and, unless `verbose`, without the toolchains' own output; warnings come at the end.

    Temporary files go with it.
    """
    with (
        collected_warnings(),
        scratch(),
        nullcontext(sys.stderr) if verbose else hidden() as stream,
        progress_bar(stream) as progress,
        interruptible() as raise_received,
    ):

        def step(what: str, share: float) -> None:
            raise_received()
            progress(what, share)

        yield step


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Progress]:
    """A bar on `stream`, silent when that is no terminal."""
    columns = (TextColumn("{task.description:<28}", markup=False), BarColumn(), TimeElapsedColumn())
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
        yield lambda what, share: bar.update(task, description=printable(what), completed=share)
