"""From the names under which others keep a model's weights to ours. Data of the families; needs no torch to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_PIECE = re.compile(r"(.+)\[(\d+)\]")
"""A new name that ends in [0], [1], … is that of a piece; the pieces of a name are joined along their first axis."""

_WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"})
"""Parts of names that training leaves: data parallelism, torch.compile, FSDP, recomputation, DeepSpeed."""

_ATTRIBUTES = frozenset({"model", "net"})
"""Parts of names that modules leave which hold the model, or one that was a part of it."""

_BOOKKEEPING = frozenset({"n_averaged", "total_ops", "total_params"})
"""Entries of no model: of averages over training, and of thop, which counts operations."""


@dataclass(frozen=True)
class KeyMap:
    """How one place names the weights of a family."""

    source: str
    """Whose names they are, for messages"""
    rules: tuple[tuple[str, str], ...]
    """(pattern, replacement), applied in order to each name"""
    bgr: str | None = None
    """Our name of the first convolution, if these weights take blue, green, red and not red, green, blue"""

    def named(self, key: str) -> str:
        """Our name of what others call `key`, with [n] after it if that is a piece."""
        for pattern, replacement in self.rules:
            key = re.sub(pattern, replacement, key)
        return key

    def applied(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights under our names, for red, green, blue."""
        import torch

        renamed: dict[str, Tensor] = {}
        pieces: dict[str, dict[int, Tensor]] = {}
        for key, value in state.items():
            name = self.named(key)
            if name != key and (match := _PIECE.fullmatch(name)):
                pieces.setdefault(match[1], {})[int(match[2])] = value
            else:
                renamed[name] = value
        for name, parts in pieces.items():
            if len({(part.shape[1:], part.device, part.layout) for part in parts.values() if part.ndim}) == 1:
                renamed[name] = torch.cat([parts[number] for number in sorted(parts)])
            else:  # no pieces of one tensor, which is then missing
                renamed |= {f"{name}[{number}]": part for number, part in parts.items()}
        if self.bgr in renamed and renamed[self.bgr].ndim == 4 and renamed[self.bgr].shape[1] == 3:
            renamed[self.bgr] = renamed[self.bgr].flip(1)
        return renamed


OWN = KeyMap("ours", ())


def whole(name: str) -> str:
    """The name that a piece belongs to; any other name as it is."""
    match = _PIECE.fullmatch(name)
    return match[1] if match else name


def unwrapped(key: str, further: bool = False) -> str | None:
    """A name without what modules were wrapped in, wherever that is; None for an entry that is of no model.

    `further` also takes what may be a name of the model's own, or all that tells two models apart.
    """
    parts = key.split(".")
    if parts[-1] in _BOOKKEEPING:
        return None
    return ".".join(part for part in parts if part not in _WRAPPERS and not (further and part in _ATTRIBUTES))
