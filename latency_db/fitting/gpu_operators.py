"""Makes the tables of kernels that ran on phones' GPUs out of published measurements of operators.

    python -m latency_db.fitting.gpu_operators TFLITE_CSV TORCH_CSV OUT

The files are those of github.com/qed-usc/mobile-ml-benchmark, reduced to one row for each operator, shape and device.
OUT gets `<runtime>/<device>.csv.gz` of one line a kernel and `SOURCES.md`; the same files give the same bytes.

What the files do not say is filled in by `latency_db.importers.mobile_ml_operators`, the same way for all devices.

The name of the GPU's own kernel goes no further, since it follows from the shape: `check_kernel_names` holds that.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

from latency_db.device_ids import device_id
from latency_db.importers.mobile_ml_operators import KERNEL_OF, Row, is_pair
from latency_db.kernel import Kernel
from latency_db.operators.features import winograd_fits
from latency_db.operators.table import COLUMNS
from latency_db.shipped_tables import compressed

SOURCES = """\
# Tables of kernels on phones' GPUs

Made by `python -m latency_db.fitting.gpu_operators` and, what is fitted to them, by
`python -m latency_db.fitting.kernel_hyperparameters`.

| folder | runtime | source | licence |
|---|---|---|---|
| `tflite` | TFLite 2.10, GPU delegate | `dataset/tflite_cnn_ops_gpu.csv` | MIT |
| `pytorch` | PyTorch Mobile 2.0.0, Vulkan (iPhone: Metal) | `dataset/torch_cnn_ops_gpu.csv` | MIT |

Both files are those of github.com/qed-usc/mobile-ml-benchmark at commit c864a33, put together by hand before the script
reads them: one row for each operator, shape and device, with the median, least and greatest time of its `n` rows.
Times are in µs: the median, least and greatest of `n` runs. All models were float32. Left out: eight rows of the two
iPhones in which a depthwise convolution and the pointwise one after it ran as one kernel, whose time stands at both.
A convolution that ran by Winograd's algorithm stands without what was fused to it, which its source does not say.
"""

WITHOUT_WINOGRAD = {"pixel4", "mi8_se"}
"""Their Adreno GPUs never ran it."""


def check_kernel_names(kernel: Kernel, row: Row, device: str) -> None:
    """Raises `ValueError` where the GPU's own kernel is another than the shape lets one expect."""
    name = row["gpu_kernel"]
    pointwise = kernel.kind == "conv" and prod(kernel.window) == 1
    expected = {
        "winograd": winograd_fits(kernel) and device not in WITHOUT_WINOGRAD,
        "vulkan.conv2d_pw_Nx2": pointwise and name.startswith("vulkan"),
        "vulkan.conv2d_dw_Nx3": kernel.kind == "depthwise_conv" and kernel.window == (3, 3) and "vulkan" in name,
        "vulkan.conv2d_dw_Nx5": kernel.kind == "depthwise_conv" and kernel.window == (5, 5) and "vulkan" in name,
    }
    if name.startswith("vulkan"):
        expected.pop("winograd")
    for special, so in expected.items():
        if so != (name == special):
            raise ValueError(f"{device} ran {kernel.key} as {name}: the rule for {special} no longer holds")


def tables(rows: Sequence[Row], runtime: str) -> dict[str, list[tuple[str, int, float, float, float]]]:
    """Device id -> key, number of runs, and their median, least and greatest time in µs, by key."""
    made = defaultdict(list)
    for row in rows:
        if is_pair(row["gpu_kernel"]):
            continue
        device, kernel = device_id(row["device"]), KERNEL_OF[runtime](row)
        if runtime == "tflite" or row["gpu_kernel"].startswith("vulkan"):
            check_kernel_names(kernel, row, device)
        middle, least, greatest = (float(row[f"latency_us_{name}"]) for name in ("median", "min", "max"))
        made[device].append((kernel.key, int(row["n"]), middle, least, greatest))
    return {device: sorted(lines) for device, lines in made.items()}


def read(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def main(files: Mapping[str, Path], out: Path) -> None:
    """Runtime -> its file; writes the tables into `out` and removes none."""
    for runtime, path in files.items():
        (out / runtime).mkdir(parents=True, exist_ok=True)
        for device, lines in tables(read(path), runtime).items():
            (out / runtime / f"{device}.csv.gz").write_bytes(compressed(COLUMNS, lines))
            print(f"{runtime} {device}: {len(lines)} kernels")
    (out / "SOURCES.md").write_text(SOURCES)


if __name__ == "__main__":
    main({"tflite": Path(sys.argv[1]), "pytorch": Path(sys.argv[2])}, Path(sys.argv[3]))
