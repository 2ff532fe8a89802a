"""The table of one device and runtime: piece -> ms; an architecture takes the sum of its pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from exporter.errors import LatencyError
from exporter.slim.architecture import Architecture, Piece, Space


@dataclass(frozen=True)
class Price:
    """Of one piece."""

    ms: float
    how: Literal["measured", "estimated"]


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
    """What the sum of pieces is multiplied by: how much longer or shorter a whole takes than its parts by themselves"""
    low: float
    high: float
    """Shares of a latency between which it is nine times in ten"""
    provenance: str
    """Where the figures are from, in words"""
    known: dict[Piece, Price] = field(default_factory=dict)
    """What was asked for already: only ever added to"""

    def ms(self, architecture: Architecture) -> float:
        pieces = self.space.pieces(architecture)
        try:
            return self.scale * sum(self.known[piece].ms for piece in pieces)
        except KeyError:
            self.ask([architecture])
            return self.scale * sum(self.known[piece].ms for piece in pieces)

    def ask(self, architectures: Iterable[Architecture]) -> None:
        """Have the pieces of several architectures priced at once."""
        pieces = {piece: None for one in architectures for piece in self.space.pieces(one) if piece not in self.known}
        if pieces:
            found = self.prices.of(pieces)
            if unknown := [piece for piece in pieces if piece not in found]:
                raise LatencyError(f"Nothing is known of {len(unknown)} pieces, the first {unknown[0]}.")
            self.known.update(found)

    def corrected(self, architecture: Architecture, ms: float) -> Table:
        """With a scale by which an architecture takes what it was measured to take."""
        return replace(self, scale=self.scale * ms / self.ms(architecture))

    def shares(self, architecture: Architecture) -> dict[str, float]:
        """Kind of piece -> ms of all of that kind, the dearest first."""
        found: dict[str, float] = {}
        for piece in self.space.pieces(architecture):
            found[piece.kind] = found.get(piece.kind, 0.0) + self.scale * self.known[piece].ms
        return dict(sorted(found.items(), key=lambda item: -item[1]))
