"""What the latency database refuses, as mistakes of a user's: its sentences stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exporter.errors import LatencyError
from latency_db.estimator.estimate import NoEstimate
from latency_db.importers.refusal import ImportRefused
from latency_db.published.estimate import SeveralFigures
from latency_db.store import StoreError


@contextmanager
def as_mistakes() -> Iterator[None]:
    """`LatencyError` in place of what the database raises for what it cannot tell, read or store."""
    try:
        yield
    except (NoEstimate, SeveralFigures, ImportRefused, StoreError) as refused:
        raise LatencyError(str(refused)) from refused
