"""A piece of a network, captured by itself with the folds that the whole gets."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.export import ExportedProgram

from exporter.rewrites import rewrite
from exporter.rewrites.folds import FOLDS
from exporter.slim.architecture import Piece, Space
from exporter.tracing.lean import lean_traces


@lru_cache(maxsize=64)
def program_of(space: Space, piece: Piece) -> ExportedProgram:
    """At batch 1."""
    module, shape = space.module(piece)
    with torch.no_grad(), lean_traces():
        program = torch.export.export(module.eval().requires_grad_(False), (torch.zeros(1, *shape),))
        return rewrite(program, FOLDS)
