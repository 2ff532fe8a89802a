"""Reads a file of latencies of a named kind, all of it before any of it is handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from latency_db.importers import app_json, generic_csv, mlperf, mobile_ml_benchmark, qai
from latency_db.importers.refusal import ImportRefused
from latency_db.measurement import Measurement

READERS: dict[str, Callable[[Path], Iterator[Measurement]]] = {
    "app": app_json.read,
    "csv": generic_csv.read,
    "mlperf": mlperf.read,
    "mobile-ml-benchmark": mobile_ml_benchmark.read,
    "qai": qai.read,
}
"""Kind of file -> its reader, which raises `ImportRefused` as soon as it meets what it cannot read"""


def read_file(kind: str, path: Path, bundles: Sequence[Path] = ()) -> list[Measurement]:
    """Every measurement of a file; that of an app may be of one of these `bundles`, if of none that lies beside it.

    Raises `ImportRefused`, and then nothing of the file has been handed on.
    """
    try:
        reader = (READERS | {"app": partial(app_json.read, bundles=bundles)})[kind]
    except KeyError:
        raise ValueError(f"{kind!r} is no kind of file to import: name one of {', '.join(READERS)}.") from None
    try:
        measurements = list(reader(path))
    except FileNotFoundError:
        raise ImportRefused(path, None, "there is no such file") from None
    except OSError as error:
        raise ImportRefused(path, None, f"it cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise ImportRefused(path, None, "it is not text in UTF-8") from None
    if not measurements:
        raise ImportRefused(path, None, "it holds no latency")
    return measurements
