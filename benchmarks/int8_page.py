"""Writes docs/int8.md of what `benchmarks.int8` and its neighbours measured: what was aimed at, and all.

A figure is a row, a dictionary as it is kept in a file; what it was measured on stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

LIMIT = "limit"
"""In place of a model: nothing but plain products"""
FORMATS = ("tflite", "executorch", "onnx", "coreml")
HEADER = """# Fewer bits

Written by `benchmarks/int8.py`. Size and speed are shares of the same format in full precision (fp16 for Core ML, fp32
elsewhere); of a tracker, speed is that of what runs on every frame, and of each such graph beside it. SQNR is the power
of PyTorch's output over that of the difference, the least over the outputs of all graphs (of a tracker without its
scores), on 16 verification inputs or the recorded runs of a tracker, which were not calibrated on. Top-1 is agreement
with PyTorch, of seeded weights between scores that are often close. All weights but efficienttam_nano's are seeded.
Core ML runs in our interpreter, which is not timed. Ranges of activations are the format's usual ones, those of all
values (extremes, which is min/max), or fitted ones (qhyvit). Pieces are what XNNPACK takes, of the graph that has most.
"""
AVX2 = "AVX2 kernels alone"
"""What a machine is told apart by that has more, but was not let use it"""
AIMED = """## What was aimed at

Speeds were aimed at on processors with AVX2, where eight bits gain less, and again on those with VNNI. None of the
first kind was at hand: those rows are of its kernels on one of the second, where plain products gain 1.0 to 1.2.
Another processor may differ. Rows are of several commits, as `run` tells where it was kept.
"""
ON_AVX2 = """## By kernels of AVX2 alone

By `benchmarks/int8_avx2.py`: XNNPACK is not told of what the processor has beyond AVX2, and takes the kernels that it
has for those without. Speeds alone; sizes and what is lost are those of the same files below.
"""
TRAINED = """## The task itself

By `benchmarks/int8_tasks.py`: what trained models do, on data that they have not seen. Mask IoU is with the masks of
the same format in full precision, the mean over clips, and the least of a clip.
"""
METHODS = """## How ranges are found

By `benchmarks/ranges.py`: SQNR in dB of all pictures of a set together, in ranges of all values (min/max), in the usual
ones, and fitted by Q-HyViT, whose objective is half of curvature times squared error. Only calibration pictures were
seen.
"""
_NATIVE = ("tflite", "executorch", "onnx")
_MOBILE = ("tflite", "executorch")
_CLASSIFIERS = ("efficientformerv2_s0", "mobilevit_xxs")


@dataclass(frozen=True)
class Aim:
    """Of the rows that it is about."""

    what: str
    value: Callable[[Row], float | None]
    """None where a row has no such figure"""
    least: float | None = None
    most: float | None = None
    form: str = "{:.2f}"
    formats: Sequence[str] = _NATIVE
    models: Sequence[str] = ()
    """All, where there are none"""
    precision: str = "int8"
    kernels: str = ""
    """Of which instructions, AVX2 or VNNI; any where this is empty"""

    def concerns(self, row: Row) -> bool:
        return (
            row["format"] in self.formats
            and row.get("precision") == self.precision
            and (row["model"] in self.models or not self.models)
            and (not self.kernels or self.kernels == _kernels(row))
            and self.value(row) is not None
        )

    def reached(self, row: Row) -> bool:
        value = self.value(row)
        assert value is not None, "rows without a figure do not concern"
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    @property
    def bound(self) -> str:
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"


def _kernels(row: Row) -> str:
    cpu = row.get("cpu", "")
    return "AVX2" if AVX2 in cpu or "(AVX2)" in cpu else "VNNI" if "VNNI" in cpu else ""


def _usual(name: str) -> Callable[[Row], float | None]:
    """A figure of what users get who ask for nothing else."""
    return lambda row: row.get(name) if row.get("ranges") == "usual" else None


def _lost(row: Row) -> float | None:
    return row["full"] - row["value"] if "metric" in row else None


def _gained(row: Row) -> float | None:
    """By fitted ranges beside min/max, on what was not calibrated on, dB."""
    return min(fitted - widest for widest, _, fitted in _unseen(row)) if "objective" in row else None


def _unseen(row: Row) -> list[list[float]]:
    return [found for name, found in row["sets"].items() if name != "calibration"]


def _objective_ratio(row: Row) -> float | None:
    return row["objective"][1] / row["objective"][0] if "objective" in row else None


def _graph(name: str) -> Callable[[Row], float | None]:
    return lambda row: row.get("graphs", {}).get(name)


AIMS = (
    Aim("size", _usual("size"), most=0.30, form="{:.3f}"),
    Aim("size of w8", _usual("size"), most=0.55, form="{:.3f}", formats=("coreml",), precision="w8"),
    Aim("size of palette4", _usual("size"), most=0.30, form="{:.3f}", formats=("coreml",), precision="palette4"),
    *(
        Aim(f"speed of {model}, {kernels}", _usual("speed"), least, formats=_MOBILE, models=(model,), kernels=kernels)
        for model, least_of_avx2 in (("efficientformerv2_s0", 1.4), ("mobilevit_s", 1.4), ("efficienttam_nano", 1.5))
        for kernels, least in (("AVX2", least_of_avx2), ("VNNI", 2.2))
    ),
    *(
        Aim(
            f"speed of efficienttam_ti_2_512x512's encode_image, {kernels}",
            _graph("encode_image"),
            least,
            formats=_MOBILE,
            models=("efficienttam_ti_2_512x512",),
            kernels=kernels,
        )
        for kernels, least in (("AVX2", 1.5), ("VNNI", 2.2))
    ),
    Aim("SQNR of efficientformerv2_s0, dB", lambda row: row.get("sqnr"), 30, form="{:.1f}", models=_CLASSIFIERS[:1]),
    Aim("SQNR of mobilevit_s, dB", lambda row: row.get("sqnr"), 24, form="{:.1f}", models=("mobilevit_s",)),
    Aim("Q-HyViT's objective, share of min/max's on calibration pictures", _objective_ratio, most=1, form="{:.3f}"),
    Aim("dB that Q-HyViT gains on min/max, on pictures not seen", _gained, least=0, form="{:.1f}"),
    Aim("accuracy that trained classifiers lose", _lost, most=0.005, form="{:.4f}", models=_CLASSIFIERS),
    Aim("J&F that the trained tracker loses", _lost, most=0.01, form="{:.4f}", models=("efficienttam_nano",)),
    Aim("mask IoU of the trained tracker", lambda row: row.get("iou"), least=0.95, form="{:.3f}"),
)
LISTED = 6
"""So many that reach an aim are told one by one"""


def page(every: Sequence[Row]) -> str:
    """The whole page."""
    machines = sorted({row["cpu"] for row in every if "cpu" in row})
    hidden, rows = ([row for row in every if (AVX2 in row.get("cpu", "")) is avx2] for avx2 in (True, False))
    parts = [HEADER, _limits(rows, machines), f"{AIMED}\n{_aims([row for row in every if row['model'] != LIMIT])}\n"]
    if hidden:
        models = [row for row in hidden if row["model"] != LIMIT]
        parts.append(f"{ON_AVX2}\n{_limits(hidden, machines)}\n{_speeds(models, machines)}\n")
    if tasks := [row for row in rows if "metric" in row]:
        parts.append(f"{TRAINED}\n{_of_tasks(tasks, machines)}\n")
    if methods := [row for row in rows if "objective" in row]:
        parts.append(f"{METHODS}\n{_of_methods(methods, machines)}\n")
    kept = [row for row in rows if row["model"] != LIMIT and not {"metric", "objective"} & set(row)]
    for format in FORMATS:
        own = [row for row in kept if row["format"] == format]
        if own:
            parts.append(f"## {format}\n\n{_table(own, machines)}\n")
    parts += [f"{number}. {machine}" for number, machine in enumerate(machines, 1)]
    return "\n".join(parts) + "\n"


def _limits(rows: Sequence[Row], machines: Sequence[str]) -> str:
    told = ", ".join(
        f"{row['format']} {row['speed']:.2f} (run {_run(row, machines)})" for row in rows if row["model"] == LIMIT
    )
    return (
        f"Plain products (eight pointwise convolutions of 256 channels) in int8 beside fp32: {told}.\n" if told else ""
    )


def _aims(rows: Sequence[Row]) -> str:
    lines = ["| int8 | aim | reached by | missed by |", "|---|---|---|---|"]
    for aim in AIMS:
        there = [row for row in rows if aim.concerns(row)]
        if not there:
            lines.append(f"| {aim.what} | {aim.bound} | not measured | – |")
            continue
        good, bad = ([row for row in there if aim.reached(row) == reached] for reached in (True, False))
        reached = _listed(aim, good) if len(good) <= LISTED else f"{len(good)} of {len(there)}"
        lines.append(f"| {aim.what} | {aim.bound} | {reached} | {_listed(aim, bad)} |")
    return "\n".join(lines)


def _listed(aim: Aim, rows: Sequence[Row]) -> str:
    """Format, what else tells rows apart, and figure of each."""
    told = []
    for row in rows:
        model = [row["model"]] if len(aim.models) != 1 else []
        ranges = [row["ranges"]] if row.get("ranges", "usual") != "usual" else []
        told.append(" ".join([*model, row["format"], *ranges, aim.form.format(aim.value(row))]))
    return ", ".join(told) or "–"


def _of_tasks(rows: Sequence[Row], machines: Sequence[str]) -> str:
    names = ("model", "format", "precision", "ranges", "what", "full precision", "fewer bits", "mask IoU", "the least")
    lines = []
    for row in rows:
        alike = [f"{row[name]:.3f}" if name in row else "–" for name in ("iou", "least_iou")]
        told = [row["model"], row["format"], row["precision"], row.get("ranges", "usual"), row["metric"]]
        lines.append([*told, *(f"{row[name]:.4f}" for name in ("full", "value")), *alike, _run(row, machines)])
    return _grid((*names, "run"), lines)


def _of_methods(rows: Sequence[Row], machines: Sequence[str]) -> str:
    sets, lines = list(rows[0]["sets"]), []
    for row in rows:
        ratios = [" → ".join(f"{one:.1f}" for one in row["sets"][name]) for name in sets]
        objective = " → ".join(f"{one:.3g}" for one in row["objective"])
        told = [row["model"], row["format"], str(row["size"]), objective, *ratios, f"{row['seconds']:.0f}"]
        lines.append([*told, _run(row, machines)])
    return _grid(("model", "format", "px", "objective", *sets, "fitted in, s", "run"), lines)


_EVERY_FRAME = ("encode_image", "track_step")


def _speeds(rows: Sequence[Row], machines: Sequence[str]) -> str:
    lines = []
    for row in rows:
        graphs = ", ".join(f"{name} {speed:.2f}" for name, speed in row["graphs"].items())
        lines.append([row["model"], row["format"], f"{row['speed']:.2f}", graphs, _run(row, machines)])
    return _grid(("model", "format", "speed", "of each graph", "run"), lines)


def _table(rows: Sequence[Row], machines: Sequence[str]) -> str:
    names = ("model", "precision", "ranges", "size", "speed", "SQNR, dB", "top-1", "mask IoU", "pieces", "run")
    lines = []
    for row in rows:
        if "error" in row:
            lines.append([row["model"], row["error"], *[""] * (len(names) - 2)])
            continue
        forms = ("size", "{:.3f}"), ("speed", "{:.2f}"), ("sqnr", "{:.1f}"), ("top1", "{:.0%}"), ("mask_iou", "{:.3f}")
        told = {name: "–" if row[name] is None else form.format(row[name]) for name, form in forms}
        if graphs := [f"{name} {row['graphs'][name]:.2f}" for name in _EVERY_FRAME if name in row["graphs"]]:
            told["speed"] += f" ({', '.join(graphs)})"
        cells = [row["model"], row["precision"], row["ranges"], *told.values(), str(row["pieces"] or "–")]
        lines.append([*cells, _run(row, machines)])
    return _grid(names, lines)


def _run(row: Row, machines: Sequence[str]) -> str:
    """Number of the machine and commit, at the end of the page."""
    return str(machines.index(row["cpu"]) + 1) if "cpu" in row else "–"


def _grid(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
