"""What a slimming run chooses among: architectures that are left when parts of a model, its parent, are taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, NamedTuple, Protocol

from torch import nn

from exporter.slim.axes import Axes

MoveKind = Literal["block", "attention", "width", "tokens", "hidden"]
"""Remove a block; make its attention plain, or one of windows; narrow a stage; narrow its tokens alone; narrow what is
between two layers of a block"""


@dataclass(frozen=True)
class Architecture:
    """One that a parent has in it: by its widths and blocks, which have its weights."""

    config: Any
    """What its family's class of `exporter.models` is built from: a frozen dataclass"""
    kept: tuple[tuple[int, ...], ...]
    """For each stage that has blocks to lose, which of the parent's it has left, in their order"""


@dataclass(frozen=True)
class Move:
    """One notch down on one of a space's knobs."""

    kind: MoveKind
    stage: int
    block: int | None = None
    """Of those that are left in the stage; None of what is the whole stage's"""
    stage_name: str | None = None
    """Where stages have names"""

    def __str__(self) -> str:
        stage = self.stage_name or f"stage {self.stage + 1}"
        place = stage if self.block is None else f"{stage}, block {self.block + 1}"
        words = {
            "block": "without",
            "attention": "without attention in",
            "width": "narrower",
            "tokens": "narrower tokens in",
            "hidden": "less within",
        }
        return f"{words[self.kind]} {place}"


class Outline(NamedTuple):
    """A stage of an architecture, for people."""

    name: str
    width: int
    """Channels"""
    blocks: Mapping[int, str]
    """Blocks of the parent's that it has left -> what each is, such as "attention, 4×" """


class Piece(NamedTuple):
    """A part of a network that is priced by itself, whatever stands beside it."""

    kind: str
    numbers: tuple[int, ...]
    """That decide what it costs, as its space reads them"""


class Space(Protocol):
    """All architectures that one parent has in it."""

    def __hash__(self) -> int: ...

    @property
    def parent(self) -> Architecture:
        """With nothing taken away"""

    @property
    def smallest(self) -> Architecture:
        """With everything taken away that may be"""

    def drawn(self, random: Random) -> Architecture:
        """Any of all, each knob by itself."""

    def moves(self, architecture: Architecture) -> Iterator[tuple[Move, Architecture]]:
        """All moves that a valid architecture is left by, with what is left."""

    def narrowed(self, share: float) -> Architecture:
        """The parent with all widths at about a share of theirs, and all blocks."""

    def channels(self, group: str) -> Sequence[int]:
        """How many channels a group of axes may have, in any architecture; from few to many."""

    def build(self, architecture: Architecture) -> nn.Module:
        """The plain module of `exporter.models`."""

    def axes(self, key: str) -> Axes:
        """What the axes of a weight of the parent run over."""

    def origins(self, architecture: Architecture) -> Mapping[str, str]:
        """What the names of its blocks begin with -> what those do that have their weights."""

    def outlines(self, architecture: Architecture) -> tuple[Outline, ...]:
        """Its stages, in order."""

    def pieces(self, architecture: Architecture) -> tuple[Piece, ...]:
        """The parts that it is priced by, in order."""

    def grid(self, piece: Piece) -> tuple[tuple[int, ...], ...]:
        """For each of its numbers, from small to large, those that suffice to tell what pieces of its kind cost."""

    def module(self, piece: Piece) -> tuple[nn.Module, tuple[int, ...]]:
        """What computes a piece, and the shape that it takes, without that of the batch."""
