"""Warnings of ours: printed when the work is done, a line each; of a mistake only the mistake is said."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from exporter.errors import VitexportWarning
from exporter.printable import complain

_MOST = 5
"""A folder of frames may have one for each."""


@contextmanager
def collected_warnings() -> Iterator[None]:
    """Each of our warnings is printed at the end, once; others are shown as before."""
    told = list[str]()
    with warnings.catch_warnings():
        warnings.simplefilter("always", VitexportWarning)
        show = warnings.showwarning

        def collect(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, VitexportWarning):
                show(message, category, filename, lineno, file, line)
            elif str(message) not in told:
                told.append(str(message))

        warnings.showwarning = collect
        yield
    for message in told[:_MOST]:
        complain("vitexport", message)
    if len(told) > _MOST:
        complain("vitexport", f"There are {len(told) - _MOST} more warnings like these.")
