"""What a user allows: a time, a share of the parent's, frames a second, parameters, multiply-accumulates or a size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.errors import BudgetError
from exporter.slim.architecture import Architecture, Space
from exporter.slim.prices.table import Table
from exporter.slim.search.limits import Limit
from exporter.slim.sizes import Sizes

Kind = Literal["ms", "share", "parameters", "macs", "bytes"]

_UNITS: dict[str, tuple[Kind, float]] = {
    "ms": ("ms", 1.0),
    "s": ("ms", 1e3),
    "x": ("share", 1.0),
    "kb": ("bytes", 1e3),
    "mb": ("bytes", 1e6),
    "m": ("parameters", 1e6),
    "mmacs": ("macs", 1e6),
    "gmacs": ("macs", 1e9),
}
"""Unit -> what it is of, and how many of it one is"""


@dataclass(frozen=True)
class Budget:
    """The most of one thing."""

    text: str
    """As it was given"""
    kind: Kind
    amount: float
    """ms, a share of the parent's ms, or a number"""

    @classmethod
    def of(cls, text: str) -> Budget:
        """Raises `BudgetError` for what is none."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.strip().lower())
        if match is not None and float(match[1]) > 0:
            number, unit = float(match[1]), match[2]
            if unit == "fps":
                return cls(text, "ms", 1e3 / number)
            if unit in _UNITS and not (unit == "x" and number >= 1):
                kind, scale = _UNITS[unit]
                return cls(text, kind, number * scale)
        raise BudgetError(
            f"{text!r} is no budget: pass a time such as 1.6ms, a share of the parent's such as 0.5x, 30fps, a size "
            "such as 2.5MB, 3M parameters, or 0.2GMACs."
        )


def limits_of(budgets: Sequence[Budget], tables: Sequence[Table], space: Space, sizes: Sizes) -> list[Limit]:
    """Budgets of time hold on each device; all others are of the model alone."""
    found = []
    for budget in budgets:
        if budget.kind in ("ms", "share"):
            found += [_of_time(budget, table, space) for table in tables]
        elif budget.kind == "macs":
            found.append(Limit("million multiply-accumulates", budget.amount / 1e6, lambda one: sizes.macs(one) / 1e6))
        elif budget.kind == "bytes":
            found.append(Limit("MB", budget.amount / 1e6, lambda one: sizes.bytes(one) / 1e6))
        else:
            found.append(Limit("million parameters", budget.amount / 1e6, lambda one: sizes.parameters(one) / 1e6))
    return found


def _of_time(budget: Budget, table: Table, space: Space) -> Limit:
    def ms(architecture: Architecture) -> float:
        return table.ms(architecture)

    most = budget.amount * (table.ms(space.parent) if budget.kind == "share" else 1)
    return Limit(f"ms on {table.device} ({table.runtime})", most, ms, table.device)
