"""The one way of replacing a function of somebody else's package for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any


@contextmanager
def replaced(name: str, wrapped: Callable[[Any], Any]) -> Iterator[None]:
    """Let the function of a module or class be what `wrapped` makes of it.

    `name` is "package.module:function" or "package.module:Class.method". Where a release has no such thing any more,
    nothing happens.
    """
    found = _found(name)
    if found is None:
        yield
        return
    owner, attribute = found
    before = getattr(owner, attribute)
    setattr(owner, attribute, wrapped(before))
    try:
        yield
    finally:
        setattr(owner, attribute, before)


def _found(name: str) -> tuple[Any, str] | None:
    """The module or class that has the function, and the function's name there."""
    module, _, path = name.partition(":")
    owner, _, attribute = path.rpartition(".")
    try:
        found = resolve_name(f"{module}:{owner}")
    except (ImportError, AttributeError):
        return None
    return (found, attribute) if hasattr(found, attribute) else None
