"""Whether a row of a store was measured under what is asked."""

from __future__ import annotations

from latency_db.estimator.cores import default_cores, number_of
from latency_db.measurement import Conditions, Measurement


def agrees(row: Measurement, asked: Conditions) -> bool:
    """What is not asked may be anything; a row that does not state its threads or cores was run as its runtime does by
    default. Processors other than the CPU have neither."""
    had = row.conditions
    return (
        (had.runtime, had.unit, had.precision) == (asked.runtime, asked.unit, asked.precision)
        and asked.runtime_version in ("", had.runtime_version)
        and asked.os in ("", had.os)
        and asked.delegate in ("", had.delegate)
        and (asked.unit != "cpu" or _on_same_cores(row, asked))
    )


def _on_same_cores(row: Measurement, asked: Conditions) -> bool:
    had = row.conditions
    if not asked.cores:  # of this machine or a browser, whose cores are not told apart
        return asked.threads in (None, had.threads)
    cores = had.cores or default_cores(str(had.runtime), row.device.id, had.threads)
    threads = had.threads or number_of(cores)
    return (cores, threads) == (asked.cores, asked.threads or number_of(asked.cores))
