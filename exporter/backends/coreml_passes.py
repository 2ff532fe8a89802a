"""coremltools checks a whole program after each of its ninety passes, which takes a quarter of a conversion.

What the checks prove of a program that is finished, running the package from disk proves too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exporter.operations.tracing import replaced


@contextmanager
def without_checks() -> Iterator[None]:
    """Convert programs to Core ML in less time; the packages stay the same."""
    from coremltools.converters.mil.mil import Program

    with replaced(Program, "validate", lambda validate: lambda program, check_essential_scope=False: None):
        yield
