"""Work that takes a while: a progress bar on stderr, no toolchain noise, and interrupts that come through."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from exporter.cli.collected_warnings import collected_warnings
from exporter.cli.interrupts import interruptible
from exporter.printable import printable
from exporter.scratch import scratch
from exporter.toolchain_noise import hidden


@dataclass(frozen=True)
class Shown:
    """A bar on a terminal: called with what is done, and how much of it."""

    bar: Bar
    task: TaskID

    def __call__(self, what: str, share: float) -> None:
        if what != self.bar.tasks[self.task].description:
            self.bar.reset(self.task)  # the time left is that of what is done now
        self.bar.update(self.task, description=printable(what), completed=share)

    def say(self, line: str) -> None:
        """Leave a line above the bar, and where there is no terminal too."""
        self.bar.console.print(Text(printable(line)), soft_wrap=True)


@dataclass(frozen=True)
class Work:
    """Work under way, which an interrupt ends where it says how far it is."""

    shown: Shown
    raise_received: Callable[[], None]

    def __call__(self, what: str, share: float) -> None:
        self.raise_received()
        self.shown(what, share)

    def say(self, line: str) -> None:
        """Leave a line on stderr."""
        self.shown.say(line)


@contextmanager
def working(verbose: bool) -> Iterator[Work]:
    """Work with a progress bar and, unless `verbose`, without the toolchains' own output; warnings come at the end.

    Temporary files go with it.
    """
    with (
        collected_warnings(),
        scratch(),
        nullcontext(sys.stderr) if verbose else hidden() as stream,
        progress_bar(stream) as shown,
        interruptible() as raise_received,
    ):
        yield Work(shown, raise_received)


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Shown]:
    """A bar on `stream`, silent when that is no terminal."""
    columns = (
        TextColumn("{task.description:<28}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
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
        yield Shown(bar, bar.add_task("", total=1.0))
