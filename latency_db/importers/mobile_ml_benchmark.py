"""Tables of github.com/qed-usc/mobile-ml-benchmark (MIT), as it has them and with a measurement a line.

There a line is a model, or an operator of one, and a column such as `pixel4|1large|float|mean` a device, its cores, the
precision and what of it; microseconds. The file's name says the framework: `tflite_...` or `torch_...`. Precision
`float` is fp32 on a CPU and fp16 on a GPU, `quant` int8. In the other form (`latency_ms`, or `latency_us_median` of an
operator) everything stands in the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latency_db.device_ids import device_id
from latency_db.importers.csv_lines import Line, lines, number
from latency_db.importers.refusal import ImportRefused
from latency_db.measurement import Measurement, SubjectKind

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
FRAMEWORKS = {"tflite": "tflite", "torch": "pytorch"}
"""First word of a file's name -> runtime"""
VERSIONS = {"tflite_cnn": "2.10", "tflite_transformer": "2.15", "torch_cnn": "2.0.0", "torch_transformer": "2.0.0"}
"""First two words of a file's name -> the runtime's version, where the authors give it"""
LONG_RUNTIMES = {"TFLite": "tflite", "PyTorch": "pytorch"}


@dataclass(frozen=True)
class _Cell:
    """Where and how one figure was measured, and the figure."""

    subject_kind: SubjectKind
    subject: str
    device: str
    runtime: str
    version: str
    cores: str
    precision: str
    reference: str
    mean_ms: float | None = None
    std_ms: float | None = None
    p50_ms: float | None = None

    def measurement(self) -> Measurement:
        on_gpu = self.cores == "gpu"
        precisions = {"float": "fp16" if on_gpu else "fp32", "quant": "int8", "int8": "int8"}
        threads = sum(map(int, filter(str.isdigit, self.cores))) or None
        return Measurement(
            subject_kind=self.subject_kind,
            subject=self.subject,
            device=self.device,
            os="",
            runtime=self.runtime,
            runtime_version=self.version,
            unit="gpu" if on_gpu else "cpu",
            precision=precisions.get(self.precision, self.precision),
            threads=None if on_gpu else threads,
            cores="" if on_gpu else self.cores,
            method="mobile-ml-benchmark",
            p50_ms=self.p50_ms,
            p90_ms=None,
            p99_ms=None,
            mean_ms=self.mean_ms,
            std_ms=self.std_ms,
            n=None,
            warmup=None,
            thermal="",
            quality="",
            measured_at="",
            source_kind="published",
            reference=self.reference,
            licence=LICENCE,
        )


def read(path: Path) -> Iterator[Measurement]:
    """The measurements of a table of either form. Raises `ImportRefused`."""
    columns, found = lines(path)
    if {"device", "runtime"} <= set(columns) and {"latency_ms", "latency_us_median"} & set(columns):
        return _checked(path, _long(path, found))
    keyed = [name for name in columns if name.count("|") >= 2]
    if not keyed or "model" not in columns:
        raise ImportRefused(path, 1, "its columns are not that benchmark's, such as 'pixel4|1large|float|mean'")
    return _checked(path, _wide(path, keyed, found))


def _checked(path: Path, cells: Iterator[tuple[int, _Cell]]) -> Iterator[Measurement]:
    for line, cell in cells:
        try:
            yield cell.measurement()
        except ValueError as error:
            raise ImportRefused(path, line, str(error)) from None


def _wide(path: Path, keyed: Sequence[str], found: Iterator[Line]) -> Iterator[tuple[int, _Cell]]:
    framework, version = path.name.split("_")[0], VERSIONS.get("_".join(path.name.split("_")[:2]), "")
    if framework not in FRAMEWORKS:
        raise ImportRefused(path, None, "its name begins with neither tflite_ nor torch_, which says what ran")
    times = [name for name in keyed if name.split("|")[-1] not in ("std", "kernel")]
    for name in times:
        if name.split("|")[0] not in PHONES:
            raise ImportRefused(path, 1, f"{name!r} is of no phone of that benchmark's: {', '.join(PHONES)}")
    for line, cells in found:
        for name in times:
            microseconds = number(path, line, cells, name)
            if microseconds is None:  # did not run there
                continue
            phone, cores, precision = name.split("|")[:3]
            std = number(path, line, cells, f"{phone}|{cores}|{precision}|std")
            kind, subject = _subject(cells, "operation", "feature")
            yield (
                line,
                _Cell(
                    subject_kind=kind,
                    subject=subject,
                    device=PHONES[phone],
                    runtime=FRAMEWORKS[framework],
                    version=version,
                    cores=cores,
                    precision=precision,
                    reference=f"{REPOSITORY} {path.name}",
                    mean_ms=microseconds / 1e3,
                    std_ms=None if std is None else std / 1e3,
                ),
            )


def _long(path: Path, found: Iterator[Line]) -> Iterator[tuple[int, _Cell]]:
    for line, cells in found:
        framework, _, version = cells["runtime"].partition(" ")
        if framework not in LONG_RUNTIMES:
            raise ImportRefused(path, line, f"runtime is {cells['runtime']!r}, which that benchmark has not run")
        kind, subject = _subject(cells, "op", "raw_features")
        median = number(path, line, cells, "latency_us_median")
        yield (
            line,
            _Cell(
                subject_kind=kind,
                subject=subject,
                device=device_id(cells["device"]),
                runtime=LONG_RUNTIMES[framework],
                version=version.removeprefix("Mobile ").split(" ")[0],
                cores="gpu" if kind == "kernel" or cells.get("compute_unit") == "GPU" else cells.get("cores", ""),
                precision=cells.get("precision", "float"),
                reference=cells.get("source", f"{REPOSITORY} {path.name}"),
                mean_ms=number(path, line, cells, "latency_ms"),
                std_ms=number(path, line, cells, "std_ms"),
                p50_ms=None if median is None else median / 1e3,
            ),
        )


def _subject(cells: Mapping[str, str], operation: str, features: str) -> tuple[SubjectKind, str]:
    """A model by its name; an operator in the file's own words, which say less than a kernel's key does."""
    if operation in cells:
        return "kernel", f"{cells[operation]} {cells.get(features, '')}".strip()
    return "model", cells["model"]
