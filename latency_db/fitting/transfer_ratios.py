"""Fits the ratios between Galaxy generations to Qualcomm's rows: makes `data/published/transfer_ratios.csv.gz`.

    python -m latency_db.fitting.transfer_ratios FOLDER

FOLDER holds `public_latency_qai_history.csv`, which says how far one release is from the next.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from statistics import median

import numpy as np

from latency_db.coverage import quantile
from latency_db.fitting.published_rows import earlier_release
from latency_db.published.rows import PublishedRow, published_rows
from latency_db.published.transfer_ratios import ANY, TransferRatio
from latency_db.shipped_tables import DATA, table_bytes

GALAXIES = ("galaxy_s22", "galaxy_s24", "galaxy_s25", "galaxy_s26")
"""Phones of the newest release"""

FEWEST_MODELS = 10
"""Below which a runtime and precision has no ratio of its own"""

Job = tuple[str, str, str, str, str]
"""Model, part of it, backend, precision, compute unit"""


@dataclass(frozen=True)
class Pair:
    """One job on two phones, or in two releases."""

    model: str
    cell: tuple[str, str]
    """Backend and precision"""
    source_ms: float
    log_ratio: float


def main(folder: Path) -> None:
    phones = {phone: jobs(row for row in published_rows() if row.device == phone) for phone in GALAXIES}
    ratios = [
        ratio
        for source, target in permutations(GALAXIES, 2)
        for ratio in fitted(source, target, pairs(phones[source], phones[target]))
    ]
    for phone in ("galaxy_s24", "galaxy_s25"):
        before = jobs(earlier_release(folder / "public_latency_qai_history.csv", phone))
        ratios += fitted(phone, phone, pairs(before, phones[phone]))
    path = DATA / "published" / "transfer_ratios.csv.gz"
    path.write_bytes(table_bytes(ratios, TransferRatio))
    print(f"{path.name}: {len(ratios)} ratios, {path.stat().st_size} bytes")


def jobs(rows: Iterable[PublishedRow]) -> dict[Job, float]:
    """Job -> milliseconds, for Qualcomm's usable rows; jobs that stand more than once are left out."""
    times = defaultdict(list)
    for row in rows:
        if row.usable and row.reference.startswith("qai_hub_models"):
            times[row.model, row.published_as, row.backend, row.precision, row.unit].append(row.ms)
    return {job: ms[0] for job, ms in times.items() if len(ms) == 1}


def pairs(source: Mapping[Job, float], target: Mapping[Job, float]) -> list[Pair]:
    """The jobs that both have."""
    return [
        Pair(job[0], (job[2], job[3]), source[job], float(np.log(target[job] / source[job])))
        for job in source
        if job in target
    ]


def fitted(source: str, target: str, found: Sequence[Pair]) -> Iterator[TransferRatio]:
    """The ratio over all, then those of every backend and precision with enough models."""
    yield _ratio(source, target, (ANY, ANY), found)
    for cell in _cells(found):
        yield _ratio(source, target, cell, [pair for pair in found if pair.cell == cell])


def _ratio(source: str, target: str, cell: tuple[str, str], members: Sequence[Pair]) -> TransferRatio:
    width = quantile([abs(_error(pair, members)) for pair in members])
    ratio = float(np.exp(median(pair.log_ratio for pair in members)))
    return TransferRatio(source, target, *cell, round(ratio, 4), round(width, 4), len({pair.model for pair in members}))


def left_out(found: Sequence[Pair]) -> Iterator[tuple[Pair, float, float]]:
    """Every pair with the log error, and the half width in logarithms, of the ratio that its model was left out of: its
    cell's own where that has enough models, else that over all."""
    pools = {cell: [pair for pair in found if pair.cell == cell] for cell in _cells(found)}
    errors = {id(pair): _error(pair, pools.get(pair.cell, found)) for pair in found}
    for pair in found:
        others = [abs(errors[id(p)]) for p in pools.get(pair.cell, found) if p.model != pair.model]
        yield pair, errors[id(pair)], quantile(others)


def _error(pair: Pair, pool: Sequence[Pair]) -> float:
    """Log of predicted over published, by the ratio over the pool's other models."""
    return median(other.log_ratio for other in pool if other.model != pair.model) - pair.log_ratio


def _cells(found: Sequence[Pair]) -> list[tuple[str, str]]:
    models = defaultdict(set)
    for pair in found:
        models[pair.cell].add(pair.model)
    return sorted(cell for cell, names in models.items() if len(names) >= FEWEST_MODELS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
