"""Tables of github.com/qed-usc/mobile-ml-benchmark (MIT), as it has them and with a measurement a line.

There a line is a model, or an operator of one, and a column such as `pixel4|1large|float|mean` a device, its cores, the
precision and what of it; microseconds. The file's name says the framework: `tflite_...` or `torch_...`. In the other
form everything stands in the line: `latency_ms` of a model, `latency_us_median` of an operator. An operator's kernel
follows from its shapes and the name of the GPU's own kernel, without which operators are refused: those of CPUs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from device_profiles.vocabulary import Runtime
from latency_db.importers.csv_lines import Line, lines, number, whole
from latency_db.importers.devices import device
from latency_db.importers.mobile_ml_operators import KERNEL_OF, is_pair, row_of
from latency_db.importers.refusal import ImportRefused, refused
from latency_db.measurement import Conditions, Device, Latency, Measurement, NumberFormat, Source, Subject

LICENCE = "MIT"
REPOSITORY = "github:qed-usc/mobile-ml-benchmark"

PHONES = {
    "a03s": "galaxy_a03s",
    "iphone7": "iphone7",
    "iphonexs": "iphone_xs",
    "mi8se": "mi8_se",
    "onefusion": "motorola_one_fusion",
    "pixel4": "pixel4",
    "s10": "galaxy_s10",
}
FRAMEWORKS: dict[str, Runtime] = {"tflite": "tflite", "torch": "pytorch"}
"""First word of a file's name -> runtime"""
VERSIONS = {"tflite_cnn": "2.10", "tflite_transformer": "2.15", "torch_cnn": "2.0.0", "torch_transformer": "2.0.0"}
"""First two words of a file's name -> the runtime's version, where the authors give it"""
LONG_RUNTIMES: dict[str, Runtime] = {"TFLite": "tflite", "PyTorch": "pytorch"}
PRECISIONS: dict[str, NumberFormat] = {"float": "fp32", "int8": "int8", "quant": "int8"}
"""What the model is exported in; in what a GPU computes the tables do not say."""


def read(path: Path) -> Iterator[Measurement]:
    """The measurements of a table of either form. Raises `ImportRefused`."""
    columns, found = lines(path)
    if {"device", "runtime"} <= set(columns) and {"latency_ms", "latency_us_median"} & set(columns):
        return _long(path, found)
    keyed = [name for name in columns if name.count("|") >= 2]
    if not keyed or "model" not in columns:
        raise ImportRefused(path, 1, "its columns are not that benchmark's, such as 'pixel4|1large|float|mean'")
    if "operation" in columns:
        return _operators(path, keyed, found)
    return _models(path, keyed, found)


def _stated_by(path: Path, keyed: Sequence[str]) -> tuple[Runtime, str]:
    """Runtime and version by a file's name. Raises `ImportRefused`, also for a column of no phone."""
    framework, version = path.name.split("_")[0], VERSIONS.get("_".join(path.name.split("_")[:2]), "")
    if framework not in FRAMEWORKS:
        raise ImportRefused(path, None, "its name begins with neither tflite_ nor torch_, which says what ran")
    for name in keyed:
        if name.split("|")[0] not in PHONES:
            raise ImportRefused(path, 1, f"{name!r} is of no phone of that benchmark's: {', '.join(PHONES)}")
    return FRAMEWORKS[framework], version


def _models(path: Path, keyed: Sequence[str], found: Iterator[Line]) -> Iterator[Measurement]:
    runtime, version = _stated_by(path, keyed)
    for line, cells in found:
        for name in keyed:
            if name.endswith("|std"):
                continue
            microseconds = number(path, line, cells, name)
            if microseconds is None:  # did not run there
                continue
            phone, cores, precision = name.split("|")[:3]
            std = number(path, line, cells, f"{phone}|{cores}|{precision}|std")
            with refused(path, line):
                yield Measurement(
                    Device(PHONES[phone]),
                    Subject.of_model(cells["model"]),
                    _conditions(runtime, version, cores, precision),
                    Latency(mean=microseconds / 1e3, std=None if std is None else std / 1e3),
                    Source("published", f"{REPOSITORY} {path.name}", LICENCE),
                )


def _operators(path: Path, keyed: Sequence[str], found: Iterator[Line]) -> Iterator[Measurement]:
    runtime, version = _stated_by(path, keyed)
    times = [name for name in keyed if not name.endswith("|kernel")]
    for line, cells in found:
        for name in times:
            phone, cores, precision = name.split("|")[:3]
            kernel = cells.get(f"{phone}|{cores}|kernel")
            if kernel is None:
                raise ImportRefused(path, 1, f"there is no '{phone}|{cores}|kernel', which says what was fused")
            microseconds = number(path, line, cells, name)
            if microseconds is None or is_pair(kernel):
                continue
            with refused(path, line):
                row = row_of(cells["operation"], cells.get("feature", ""), kernel, runtime)
                yield Measurement(
                    Device(PHONES[phone]),
                    _subject(path, line, row, runtime),
                    _conditions(runtime, version, cores, precision),
                    Latency(figure=microseconds / 1e3),  # of which statistic is not stated
                    Source("published", f"{REPOSITORY} {path.name}", LICENCE),
                )


def _long(path: Path, found: Iterator[Line]) -> Iterator[Measurement]:
    for line, cells in found:
        framework, _, version = cells["runtime"].partition(" ")
        if framework not in LONG_RUNTIMES:
            raise ImportRefused(path, line, f"runtime is {cells['runtime']!r}, which that benchmark has not run")
        if is_pair(cells.get("gpu_kernel", "")):
            continue
        runtime, number_of_version = LONG_RUNTIMES[framework], version.removeprefix("Mobile ").split(" ")[0]
        on_gpu = "op" in cells or cells.get("compute_unit") == "GPU"
        median = number(path, line, cells, "latency_us_median")
        mean, std = (number(path, line, cells, name) for name in ("latency_ms", "std_ms"))
        runs = whole(path, line, cells, "n")
        with refused(path, line):
            yield Measurement(
                device(cells["device"], cells.get("soc", "")),
                _subject(path, line, cells, runtime),
                _conditions(
                    runtime,
                    number_of_version,
                    "gpu" if on_gpu else cells.get("cores", ""),
                    cells.get("precision", "float"),
                ),
                Latency(p50=None if median is None else median / 1e3, mean=mean, std=std, n=runs),
                Source("published", cells.get("source", f"{REPOSITORY} {path.name}"), LICENCE),
            )


def _subject(path: Path, line: int, cells: Mapping[str, str], runtime: Runtime) -> Subject:
    """A model by its name, an operator by the key of its kernel. Raises `ImportRefused`."""
    if "op" not in cells:
        return Subject.of_model(cells["model"])
    try:
        return Subject.of_kernel(KERNEL_OF[runtime](cells))
    except (KeyError, TypeError, ValueError, SyntaxError):
        raise ImportRefused(path, line, f"no kernel follows from its cells for the operator {cells['op']!r}") from None


def _conditions(runtime: Runtime, version: str, cores: str, precision: str) -> Conditions:
    """Raises `ValueError`; cores are "gpu" where it ran there."""
    on_gpu = cores == "gpu"
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}, which that benchmark has not run")
    return Conditions(
        runtime=runtime,
        unit="gpu" if on_gpu else "cpu",
        precision=PRECISIONS[precision],
        runtime_version=version,
        threads=None if on_gpu else sum(map(int, re.findall(r"\d+", cores))) or None,
        cores="" if on_gpu else cores,
        method="mobile-ml-benchmark",
    )
