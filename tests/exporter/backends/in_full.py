"""Tracing and lowering with nothing left out, to compare files with."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

LEAN_TRACES = ("shared_provenance", "lazy_compilation", "infrequent_collection")


@contextmanager
def in_full(shortcuts: str) -> Iterator[None]:
    """Trace as torch does by itself, and lower without `shortcuts`, a function of `exporter.backends`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"exporter.backends.{shortcuts}", nullcontext)
        for name in LEAN_TRACES:
            patch.setattr(f"exporter.tracing.lean.{name}", nullcontext)
        yield
