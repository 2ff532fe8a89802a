"""How large architectures are: parameters and multiply-accumulates, which add up over pieces like latencies."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from exporter.operations.macs import macs
from exporter.operations.of_program import operations
from exporter.slim.architecture import Architecture, Piece, Space
from exporter.slim.piece_programs import program_of

_BYTES = 4
"""Of a parameter in a file of fp32"""


@dataclass(frozen=True, eq=False)
class Sizes:
    """Of the architectures of a space; what a piece has is counted once."""

    space: Space
    _parameters: dict[Piece, int] = field(default_factory=dict)
    _macs: dict[Piece, int] = field(default_factory=dict)

    def parameters(self, architecture: Architecture) -> int:
        return sum(self._parameters_of(piece) for piece in self.space.pieces(architecture))

    def bytes(self, architecture: Architecture) -> int:
        """Of the weights of an artefact in fp32; its graph comes on top, some tens of kB."""
        return _BYTES * self.parameters(architecture)

    def macs(self, architecture: Architecture) -> int:
        """For one image"""
        return sum(self._macs_of(piece) for piece in self.space.pieces(architecture))

    def _parameters_of(self, piece: Piece) -> int:
        if piece not in self._parameters:
            with torch.device("meta"):
                module, _ = self.space.module(piece)
            self._parameters[piece] = sum(value.numel() for value in module.parameters())
        return self._parameters[piece]

    def _macs_of(self, piece: Piece) -> int:
        if piece not in self._macs:
            self._macs[piece] = sum(map(macs, operations(program_of(self.space, piece))))
        return self._macs[piece]
