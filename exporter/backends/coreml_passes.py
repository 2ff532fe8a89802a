"""coremltools checks a whole program after each of some hundred passes, which takes a quarter of a conversion.

What the checks prove of a program that is finished, running the package from disk proves too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exporter.tracing.replaced import replaced


@contextmanager
def without_checks() -> Iterator[None]:
    """Convert programs to Core ML in less time; the packages stay the same."""
    with replaced("coremltools.converters.mil.mil:Program.validate", _never):
        yield


def _never(validate: Callable[..., None]) -> Callable[..., None]:
    return lambda *args, **kwargs: None
