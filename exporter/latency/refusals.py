"""What the latency database refuses, as mistakes of a user's: its sentences stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exporter.errors import LatencyError, VitexportError
from latency_db.store import StoreError


@contextmanager
def as_mistakes() -> Iterator[None]:
    """`LatencyError` in place of what the database raises for what it cannot tell, read or store."""
    try:
        yield
    except VitexportError:  # some are `ValueError`s too
        raise
    except (ValueError, StoreError) as refused:  # `NoEstimate` and `ImportRefused` are of the former
        raise LatencyError(str(refused)) from refused
