"""The table of one device and runtime: piece -> ms; an architecture takes what the sum of its pieces says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from exporter.errors import LatencyError
from exporter.slim.architecture import Architecture, Piece, Space

LEAST_DIFFERENCE = 0.05
"""Share of the parent's pieces that one must lack: what is measured errs by a few per cent"""


@dataclass(frozen=True)
class Price:
    """Of one piece."""

    ms: float
    how: Literal["measured", "interpolated", "estimated"]
    """Timed, between such as were timed, or by what is known of other networks' kernels"""


class Stopwatch(Protocol):
    """Whoever can time whole networks of a space."""

    def whole(self, architectures: Sequence[Architecture]) -> list[float]:
        """ms of each"""


class PriceList(Protocol):
    """Whoever knows what pieces cost."""

    def of(self, pieces: Iterable[Piece]) -> Mapping[Piece, Price]:
        """Of each of them; may take long, and raises `LatencyError` for one that nothing can be known of."""


@dataclass(frozen=True, eq=False)
class Table:
    """Prices of a space's architectures, and how far they are to be trusted."""

    space: Space
    device: str
    runtime: str
    prices: PriceList
    scale: float
    """ms of a whole for one more ms of its pieces by themselves"""
    low: float
    high: float
    """Shares of a latency between which it is nine times in ten"""
    provenance: str
    """Where the figures are from, in words"""
    offset: float = 0.0
    """ms of a whole that its pieces do not account for"""
    host: Stopwatch | None = None
    """Of a device that is here"""
    known: dict[Piece, Price] = field(default_factory=dict)
    """What was asked for already: only ever added to"""

    def ms(self, architecture: Architecture) -> float:
        return self.offset + self.scale * self._sum(architecture)

    def _sum(self, architecture: Architecture) -> float:
        """Of the pieces, ms"""
        pieces = self.space.pieces(architecture)
        try:
            return sum(self.known[piece].ms for piece in pieces)
        except KeyError:
            self.ask([architecture])
            return sum(self.known[piece].ms for piece in pieces)

    def ask(self, architectures: Iterable[Architecture]) -> None:
        """Have the pieces of several architectures priced at once."""
        pieces = {piece: None for one in architectures for piece in self.space.pieces(one) if piece not in self.known}
        if pieces:
            found = self.prices.of(pieces)
            if unknown := [piece for piece in pieces if piece not in found]:
                raise LatencyError(f"Nothing is known of {len(unknown)} pieces, the first {unknown[0]}.")
            self.known.update(found)

    def scaled(self, architecture: Architecture, ms: float) -> Table:
        """With a scale, and no offset, by which an architecture takes so long."""
        return replace(self, scale=ms / self._sum(architecture), offset=0.0)

    def corrected(self, architecture: Architecture, ms: float) -> Table:
        """With a scale and an offset by which an architecture takes so long, and the parent what it does now.

        One that is too near to the parent to tell, or was measured to be slower, corrects nothing.
        """
        parent = self.space.parent
        apart, saved = self._sum(parent) - self._sum(architecture), self.ms(parent) - ms
        if saved <= 0 or apart < LEAST_DIFFERENCE * self._sum(parent):
            return self
        scale = saved / apart
        return replace(self, scale=scale, offset=ms - scale * self._sum(architecture))

    @property
    def counts(self) -> dict[str, int]:
        """How prices are known -> of how many pieces."""
        return dict(Counter(price.how for price in self.known.values()).most_common())

    def shares(self, architecture: Architecture) -> dict[str, float]:
        """Kind of piece -> ms of all of that kind, the dearest first."""
        found: dict[str, float] = {}
        for piece in self.space.pieces(architecture):
            found[piece.kind] = found.get(piece.kind, 0.0) + self.scale * self.known[piece].ms
        return dict(sorted(found.items(), key=lambda item: -item[1]))
