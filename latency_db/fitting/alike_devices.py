"""Makes `latency_db/data/estimator/alike.csv.gz` from the shipped tables: `python -m latency_db.fitting.alike_devices`.

How far a phone is from what the most alike of the others says of it, without one anchor; and how far two runtimes are
apart on one phone and its cores. Each model is estimated by the other phone's roofline.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from latency_db.end_to_end.cells import EndToEnd, shipped
from latency_db.estimator.alike import OTHER_LIBRARY, TABLE, LeftOut, most_alike
from latency_db.shipped_tables import table_bytes

Array = NDArray[np.float64]
Key = tuple[str, str, str, str]
"""Runtime, unit, precision and device"""


def phones_left_out(table: EndToEnd) -> dict[Key, list[tuple[Array, float]]]:
    """Key -> for each of its cells, ln(measured / estimated) [models] and the distance of what it was estimated by."""
    found: dict[Key, list[tuple[Array, float]]] = defaultdict(list)
    for cell in table.cells.values():
        good = ~cell.slow
        features = table.features_of(cell)[good]
        alike = most_alike(table, cell.id, features, without=(cell.id.device,))
        if alike is None:
            continue
        estimated = alike.ratio * (features @ alike.cell.coefficients)
        residuals = np.log(cell.milliseconds[good] / estimated)
        found[cell.id.runtime, cell.id.unit, cell.id.precision, cell.id.device].append((residuals, alike.distance))
    return found


def runtimes_apart(table: EndToEnd) -> dict[Key, list[tuple[Array, float]]]:
    """The same of PyTorch Mobile's time of a model against TFLite's on one phone, its cores and at one precision.

    Both run XNNPACK in fp32 for most products, and little else alike: no two runtimes with XNNPACK should differ more.
    """
    found: dict[Key, list[tuple[Array, float]]] = defaultdict(list)
    for cell in table.cells.values():
        if cell.id.runtime != "tflite" or cell.id.unit != "cpu":
            continue
        other = table.cells.get(replace(cell.id, runtime="pytorch", version="2.0.0"))
        if other is None:
            continue
        theirs = {m: t for m, t, slow in zip(other.models, other.milliseconds, other.slow, strict=True) if not slow}
        both = [(theirs[m], t) for m, t, slow in zip(cell.models, cell.milliseconds, cell.slow, strict=True)
                if m in theirs and not slow]  # fmt: skip
        times = np.log(np.array(both))
        found["tflite", OTHER_LIBRARY, cell.id.precision, cell.id.device].append((times[:, 0] - times[:, 1], 0.0))
    return found


def main() -> None:
    table = shipped()
    rows = []
    for key, cells in sorted({**phones_left_out(table), **runtimes_apart(table)}.items()):
        residuals = np.concatenate([one for one, _ in cells])
        scaled = np.concatenate([np.abs(one) / (1 + distance) for one, distance in cells])
        error = float(f"{np.quantile(scaled, 0.9):.4g}")
        middle = float(f"{np.median(np.abs(np.expm1(-residuals))):.3g}")
        rows.append(LeftOut(*key, error, middle, len(residuals)))
        distances = [distance for _, distance in cells]
        print(f"{' '.join(key):44s} 90 % of errors {error:5.2f} (1 + distance), median {middle:6.1%}, distances "
              f"{min(distances):.2f} to {max(distances):.2f}, {len(residuals)} rows")  # fmt: skip
    TABLE.write_bytes(table_bytes(rows, LeftOut))


if __name__ == "__main__":
    main()
