"""Makes the tables of kernels that ran on phones' GPUs out of published measurements of operators.

    python -m latency_db.fitting.gpu_operators TFLITE_CSV TORCH_CSV OUT

The files are those of github.com/qed-usc/mobile-ml-benchmark, reduced to one row for each operator, shape and device.
OUT gets `<runtime>/<device>.csv.gz` of one line a kernel and `SOURCES.md`; the same files give the same bytes.

What the files do not say is filled in here, the same way for all devices:

* A sum fused to an operator reads a second tensor of the result's shape, unless a product is fused, too: then both are
  of constants, as of a batch norm.
* Depthwise convolutions in TFLite read pictures that were padded before, all of them. Here they read the pictures
  as they were, as they do in graphs; convolutions, of which there are both, take as long either way.
* A concatenation gives its first input, their number and the result; the other inputs share the rest evenly.
* A product in PyTorch is that of a squeeze and excitation block, with one factor for each channel.
* A convolution in PyTorch clamps or not; the file does not say.

The name of the GPU's own kernel goes no further, since it follows from the shape: `check_kernel_names` holds that.
"""

from __future__ import annotations

import ast
import csv
import gzip
import io
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from latency_db.kernel import Kernel, Kind, Shape
from latency_db.kernel_features import winograd_fits
from latency_db.kernel_table import COLUMNS

SOURCES = """\
# Tables of kernels on phones' GPUs

Made by `python -m latency_db.fitting.gpu_operators` and, what is fitted to them, by
`python -m latency_db.fitting.kernel_hyperparameters`.

| folder | runtime | source | licence |
|---|---|---|---|
| `tflite` | TFLite 2.10, GPU delegate | `dataset/tflite_cnn_ops_gpu.csv` | MIT |
| `pytorch` | PyTorch Mobile 2.0.0, Vulkan (iPhone: Metal) | `dataset/torch_cnn_ops_gpu.csv` | MIT |

Both files are those of github.com/qed-usc/mobile-ml-benchmark at commit c864a33.
Times are in µs: the median, least and greatest of `n` runs. All models were float32. Left out: eight rows of the two
iPhones in which a depthwise convolution and the pointwise one after it ran as one kernel, whose time stands at both.
A convolution that ran by Winograd's algorithm stands without what was fused to it, which its source does not say.
"""

DEVICES = {
    "Google Pixel 4": "pixel4",
    "Xiaomi Mi 8 SE": "mi8_se",
    "Apple iPhone 7": "iphone7",
    "Apple iPhone XS": "iphone_xs",
    "Samsung Galaxy S10": "galaxy_s10",
    "Samsung Galaxy A03s": "galaxy_a03s",
    "Motorola One Fusion": "motorola_one_fusion",
}
"""As the files call them -> id"""

WITHOUT_WINOGRAD = {"pixel4", "mi8_se"}
"""Their Adreno GPUs never ran it."""

PAIR = "depthwise_conv_plus_Nx1_conv_N_N_N"
"""A depthwise convolution and the pointwise one after it, in one kernel whose time stands at both."""

Row = Mapping[str, str]

_FUSED = {
    "": (),
    "relu": ("relu",),
    "hard": ("hardswish",),
    "sigmoid": ("sigmoid",),
    "add": ("add",),
    "add+relu": ("add", "relu"),
    "mul+relu": ("mul", "relu"),
    "add+mul+relu": ("mul", "add", "relu"),
    "minimum+relu": ("relu6",),
}
"""What is fused, as the TFLite file says it -> operators in the order in which they run"""


def tflite_kernel(row: Row) -> Kernel:
    """The kernel of a row of the TFLite file. Raises `KeyError` for an operator or fusion that is not known."""
    fused = _FUSED[row["gpu_kernel"].partition("fused:")[2]]
    operator, channels = row["op"], int(row["in_ch"])
    if operator == "FULLY_CONNECTED":
        return Kernel("linear", ("linear",), ((1, channels),), ((1, int(row["out_ch"])),))
    size = int(row["in_hw"])
    if operator == "MEAN":
        return _pooled("mean", channels, size, 1, size, 1, ())
    out, window = int(row["out_hw"]), int(row["kernel"])
    if operator == "CONCATENATION":
        return _concatenated(channels, int(row["out_ch"]), window, size, fused)
    stride = int(row["stride"])
    if operator in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        name = "max_pool2d" if operator == "MAX_POOL_2D" else "avg_pool2d"
        return _pooled(name, channels, size, out, window, stride, fused)
    groups = {"CONV_2D": 1, "CONV_2D_GROUP": int(row["groups"]), "DEPTHWISE_CONV_2D": channels}[operator]
    if operator == "DEPTHWISE_CONV_2D":  # whose `out_ch` is a multiplier
        shapes = (channels, out * stride), (channels * int(row["out_ch"]), out)
    else:
        shapes = (channels, size), (int(row["out_ch"]), out)
    return _convolution(*shapes, window, stride, groups, fused)


def pytorch_kernel(row: Row) -> Kernel:
    """The kernel of a row of the PyTorch file. Raises `KeyError` for an operator that is not known."""
    operator = row["op"].rpartition("::")[2]
    features: dict[str, Any] = ast.literal_eval(row["raw_features"])
    if operator == "run_linear_context":
        return Kernel("linear", ("linear",), ((1, features["input_shape"]),), ((1, features["output_shape"]),))
    channels, size = features["input_channel"], features["input_shape"]
    if operator == "run_conv2d_context":
        out_channels, window = features["output_channel"], features["kernel_size"]
        groups = channels * out_channels * window**2 // features["filter_size"]
        out = (out_channels, features["output_shape"])
        return _convolution((channels, size), out, window, features["stride"], groups, ())
    if operator == "adaptive_avg_pool2d" or (operator == "avg_pool2d" and "kernel_size" not in features):
        return _pooled("mean", channels, size, 1, size, 1, ())
    if operator in ("max_pool2d", "avg_pool2d"):
        out, window, stride = (features[name] for name in ("output_shape", "kernel_size", "stride"))
        return _pooled(operator, channels, size, out, window, stride, ())
    shape = (1, channels, size, size)
    kind, name, second = _BY_ELEMENT[operator]
    others = {"none": (), "tensor": (shape,), "gate": ((1, channels, 1, 1),)}[second]
    return Kernel(kind, (name,), (shape, *others), (shape,))


_BY_ELEMENT: dict[str, tuple[Kind, str, str]] = {
    "run_batchnorm_context": ("normalisation", "batch_norm", "none"),
    "add": ("elementwise", "add", "tensor"),
    "mul": ("elementwise", "mul", "gate"),
    "relu": ("elementwise", "relu", "none"),
    "clamp": ("elementwise", "relu6", "none"),
    "hardswish": ("elementwise", "hardswish", "none"),
    "sigmoid": ("elementwise", "sigmoid", "none"),
}
"""PyTorch's operator -> kind, name and second operand"""


def _convolution(
    taken: tuple[int, int], given: tuple[int, int], window: int, stride: int, groups: int, fused: tuple[str, ...]
) -> Kernel:
    """Of (channels, rows) into (channels, rows)."""
    inputs, output = (1, taken[0], taken[1], taken[1]), (1, given[0], given[1], given[1])
    kind: Kind = "depthwise_conv" if 1 < groups == taken[0] else "conv"
    return Kernel(
        kind,
        ("conv2d", *fused),
        (inputs, *_summand(output, fused)),
        (output,),
        (window, window),
        (stride, stride),
        groups=groups,
    )


def _pooled(name: str, channels: int, size: int, out: int, window: int, stride: int, fused: tuple[str, ...]) -> Kernel:
    inputs, output = (1, channels, size, size), (1, channels, out, out)
    if (window, out) == (size, 1):
        return Kernel("pooling", ("mean" if name == "avg_pool2d" else name, *fused), (inputs,), (output,))
    extra = _summand(output, fused)
    return Kernel("pooling", (name, *fused), (inputs, *extra), (output,), (window, window), (stride, stride))


def _concatenated(first: int, total: int, number: int, size: int, fused: tuple[str, ...]) -> Kernel:
    share, left = divmod(total - first, number - 1)
    channels = [first] + [share + (place < left) for place in range(number - 1)]
    inputs = tuple((1, count, size, size) for count in channels)
    output = (1, total, size, size)
    return Kernel("data_movement", ("cat", *fused), (*inputs, *_summand(output, fused)), (output,))


def _summand(output: Shape, fused: tuple[str, ...]) -> tuple[Shape, ...]:
    return (output,) if "add" in fused and "mul" not in fused else ()


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
    kernel_of = {"tflite": tflite_kernel, "pytorch": pytorch_kernel}[runtime]
    made = defaultdict(list)
    for row in rows:
        if row["gpu_kernel"] == PAIR:
            continue
        device, kernel = DEVICES[row["device"]], kernel_of(row)
        if runtime == "tflite" or row["gpu_kernel"].startswith("vulkan"):
            check_kernel_names(kernel, row, device)
        middle, least, greatest = (float(row[f"latency_us_{name}"]) for name in ("median", "min", "max"))
        made[device].append((kernel.key, int(row["n"]), middle, least, greatest))
    return {device: sorted(lines) for device, lines in made.items()}


def compressed(lines: Sequence[Sequence[object]]) -> bytes:
    """A CSV with its heading, the same bytes for the same lines."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def read(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def main(files: Mapping[str, Path], out: Path) -> None:
    """Runtime -> its file; writes the tables into `out` and removes none."""
    for runtime, path in files.items():
        (out / runtime).mkdir(parents=True, exist_ok=True)
        for device, lines in tables(read(path), runtime).items():
            (out / runtime / f"{device}.csv.gz").write_bytes(compressed(lines))
            print(f"{runtime} {device}: {len(lines)} kernels")
    (out / "SOURCES.md").write_text(SOURCES)


if __name__ == "__main__":
    main({"tflite": Path(sys.argv[1]), "pytorch": Path(sys.argv[2])}, Path(sys.argv[3]))
