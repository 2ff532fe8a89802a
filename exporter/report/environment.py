"""What the pages of reports are made with: their templates, and how these show values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from exporter.printable import printable

if TYPE_CHECKING:
    import jinja2


def environment(filters: Mapping[str, Callable[..., Any]]) -> jinja2.Environment:
    """Templates of `exporter/report/templates`, which may use these filters."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("exporter.report"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= filters
    return made


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def _shown(value: object) -> object:
    """What an expression of a template shows; what is markup already was made of such."""
    return value if hasattr(value, "__html__") else printable(value)
