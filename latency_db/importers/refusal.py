"""Why a file of latencies is refused: one sentence that names the file and the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ImportRefused(ValueError):
    """A file that is not what it was taken for. Nothing of it was imported."""

    def __init__(self, file: Path | str, line: int | None, reason: str) -> None:
        self.file, self.line, self.reason = str(file), line, reason
        place = f"{file}, line {line}" if line else str(file)
        super().__init__(f"{place}: {reason}.")


@contextmanager
def refused(file: Path | str, line: int | None) -> Iterator[None]:
    """`ImportRefused` in place of the `ValueError` of a measurement that cannot be."""
    try:
        yield
    except ImportRefused:
        raise
    except ValueError as error:
        raise ImportRefused(file, line, str(error).removesuffix(".")) from None
