"""The latency tables of a run, one for each device; the one of this machine is corrected as networks are timed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.slim.architecture import Architecture, Space
from exporter.slim.budget import Budget, limits_of
from exporter.slim.prices.table import Table
from exporter.slim.search.history import History
from exporter.slim.search.limits import Limit
from exporter.slim.sizes import Sizes

SHARE = "share of the parent's time"
"""What a history keeps of a network that was timed"""


class Tables:
    """Of all devices. `correct` replaces the one of this machine."""

    def __init__(self, space: Space, tables: tuple[Table, ...]) -> None:
        self.space, self.all, self.sizes = space, tables, Sizes(space)

    def copy(self) -> Tables:
        """Whose corrections are its own."""
        return Tables(self.space, self.all)

    def ask(self, architectures: Iterable[Architecture]) -> None:
        """Have all their pieces priced at once."""
        asked = list(architectures)
        for table in self.all:
            table.ask(asked)

    def slowest(self, architecture: Architecture) -> float:
        """Share of the parent's time, on the device where it is largest."""
        return max(table.ms(architecture) / table.ms(self.space.parent) for table in self.all)

    def limits(self, budgets: Sequence[Budget]) -> list[Limit]:
        return limits_of(budgets, self.all, self.space, self.sizes)

    def correct(self, architecture: Architecture, history: History) -> None:
        """Time a network in turns with the parent, whose time stays what it was, and correct the table by it."""
        share = history.known(SHARE, architecture)
        if share is None:
            parent, found = self.whole([self.space.parent, architecture])
            if parent is None or found is None:
                return
            share = history.found(SHARE, architecture, found / parent)
        self.all = tuple(
            table.corrected(architecture, table.ms(self.space.parent) * share) if table.host else table
            for table in self.all
        )

    def whole(self, architectures: Sequence[Architecture]) -> Sequence[float | None]:
        """ms of each on host; None where host is no target."""
        host = next((table.host for table in self.all if table.host is not None), None)
        return [None] * len(architectures) if host is None else host.whole(architectures)
