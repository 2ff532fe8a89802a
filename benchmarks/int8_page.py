"""Writes docs/int8.md of what `benchmarks.int8` and `benchmarks.int8_tasks` measured: what was aimed at, and all.

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
AIMED = """## What was aimed at

Speeds were aimed at on processors with AVX2, where eight bits gain less, and again on those with VNNI. All rows are
of one with VNNI, so that none shows what AVX2 alone reaches; some are of older commits than others, as `run` tells.
"""
TRAINED = """## The task itself

By `benchmarks/int8_tasks.py`: what trained models do, on data that they have not seen. Mask IoU is with the masks of
the same format in full precision, the mean over clips, and the least of a clip.
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

    def concerns(self, row: Row) -> bool:
        return (
            row["format"] in self.formats
            and row.get("precision") == self.precision
            and (row["model"] in self.models or not self.models)
            and self.value(row) is not None
        )

    def reached(self, row: Row) -> bool:
        value = self.value(row)
        assert value is not None, "rows without a figure do not concern"
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    @property
    def bound(self) -> str:
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"


def _usual(name: str) -> Callable[[Row], float | None]:
    """A figure of what users get who ask for nothing else."""
    return lambda row: row.get(name) if row.get("ranges") == "usual" else None


def _lost(row: Row) -> float | None:
    return row["full"] - row["value"] if "metric" in row else None


def _graph(name: str) -> Callable[[Row], float | None]:
    return lambda row: row.get("graphs", {}).get(name)


AIMS = (
    Aim("size", _usual("size"), most=0.30, form="{:.3f}"),
    Aim("size of w8", _usual("size"), most=0.55, form="{:.3f}", formats=("coreml",), precision="w8"),
    Aim("size of palette4", _usual("size"), most=0.30, form="{:.3f}", formats=("coreml",), precision="palette4"),
    *(
        Aim(f"speed of {model}{note}", _usual("speed"), least=least, formats=_MOBILE, models=(model,))
        for model, least_of_avx2 in (("efficientformerv2_s0", 1.4), ("mobilevit_s", 1.4), ("efficienttam_nano", 1.5))
        for note, least in ((", AVX2", least_of_avx2), (", VNNI", 2.2))
    ),
    *(
        Aim(
            f"speed of efficienttam_ti_2_512x512's encode_image{note}",
            _graph("encode_image"),
            least=least,
            formats=_MOBILE,
            models=("efficienttam_ti_2_512x512",),
        )
        for note, least in ((", AVX2", 1.5), (", VNNI", 2.2))
    ),
    Aim("SQNR of efficientformerv2_s0, dB", lambda row: row.get("sqnr"), 30, form="{:.1f}", models=_CLASSIFIERS[:1]),
    Aim("SQNR of mobilevit_s, dB", lambda row: row.get("sqnr"), 24, form="{:.1f}", models=("mobilevit_s",)),
    Aim("accuracy that trained classifiers lose", _lost, most=0.005, form="{:.4f}", models=_CLASSIFIERS),
    Aim("J&F that the trained tracker loses", _lost, most=0.01, form="{:.4f}", models=("efficienttam_nano",)),
    Aim("mask IoU of the trained tracker", lambda row: row.get("iou"), least=0.95, form="{:.3f}"),
)
LISTED = 6
"""So many that reach an aim are told one by one"""


def page(files: Sequence[Sequence[Row]]) -> str:
    """The whole page, of the rows of several files."""
    rows = [row for rows in files for row in rows]
    machines = sorted({row["cpu"] for row in rows if "cpu" in row})
    limits = {row["format"]: row["speed"] for row in rows if row["model"] == LIMIT}
    parts = [HEADER]
    if limits:
        told = ", ".join(f"{format} {speed:.2f}" for format, speed in limits.items())
        parts.append(f"Plain products (eight pointwise convolutions of 256 channels) in int8 beside fp32: {told}.\n")
    parts.append(f"{AIMED}\n{_aims([row for row in rows if row['model'] != LIMIT])}\n")
    if tasks := [row for row in rows if "metric" in row]:
        parts.append(f"{TRAINED}\n{_of_tasks(tasks)}\n")
    for format in FORMATS:
        own = [row for row in rows if row["format"] == format and row["model"] != LIMIT and "metric" not in row]
        if own:
            parts.append(f"## {format}\n\n{_table(own, machines)}\n")
    parts += [f"{number}. {machine}" for number, machine in enumerate(machines, 1)]
    return "\n".join(parts) + "\n"


def _aims(rows: Sequence[Row]) -> str:
    lines = ["| int8 | aim | reached by | missed by |", "|---|---|---|---|"]
    for aim in AIMS:
        there = [row for row in rows if aim.concerns(row)]
        if not there:
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


def _of_tasks(rows: Sequence[Row]) -> str:
    lines = ["| model | format | precision | what | full precision | fewer bits | mask IoU | the least |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for row in rows:
        alike = [f"{row[name]:.3f}" if name in row else "–" for name in ("iou", "least_iou")]
        told = [row[name] for name in ("model", "format", "precision", "metric")]
        told += [f"{row[name]:.3f}" for name in ("full", "value")]
        lines.append(f"| {' | '.join([*told, *alike])} |")
    return "\n".join(lines)


_EVERY_FRAME = ("encode_image", "track_step")


def _table(rows: Sequence[Row], machines: Sequence[str]) -> str:
    names = ("model", "precision", "ranges", "size", "speed", "SQNR, dB", "top-1", "mask IoU", "pieces", "run")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in rows:
        if "error" in row:
            lines.append(f"| {row['model']} | {row['error']} |" + " |" * (len(names) - 2))
            continue
        forms = ("size", "{:.3f}"), ("speed", "{:.2f}"), ("sqnr", "{:.1f}"), ("top1", "{:.0%}"), ("mask_iou", "{:.3f}")
        told = {name: "–" if row[name] is None else form.format(row[name]) for name, form in forms}
        if graphs := [f"{name} {row['graphs'][name]:.2f}" for name in _EVERY_FRAME if name in row["graphs"]]:
            told["speed"] += f" ({', '.join(graphs)})"
        cells = [row["model"], row["precision"], row["ranges"], *told.values(), row["pieces"] or "–"]
        lines.append(f"| {' | '.join(map(str, cells))} | {machines.index(row['cpu']) + 1} |")
    return "\n".join(lines)
