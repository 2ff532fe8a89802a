"""Measurements kept in a database: SQLite in the user's data directory, or whatever a URL names.

    from latency_db import store

    with store.open() as measured:
        ids = measured.add(measurements)
        for record in measured.measurements(device="pixel4", runtime="tflite"):
            print(record.measurement.subject.key, record.measurement.latency.ms)

Nothing is overwritten: a correction is a row of its own that names the row it corrects. Importing this imports no
database; what goes in and comes out are the dataclasses of `latency_db.measurement`, never a database's own objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latency_db.store.errors import StoreError

if TYPE_CHECKING:
    from latency_db.store.store import Store

__all__ = ["StoreError", "open"]


def open(url: str | None = None) -> Store:
    """The database at a URL, `sqlite:///FILE` or `postgresql://USER@HOST/NAME`; the user's own, if there is none.

    Makes it where it is missing, and brings it up to this version. Raises `StoreError` where it cannot be used, or is
    newer than this version.
    """
    try:
        from latency_db.store.store import Store
    except ModuleNotFoundError as missing:
        raise StoreError(f"The latency database needs {missing.name}: pip install 'vitexport[store]'.") from missing
    return Store(url)
