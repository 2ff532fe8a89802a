"""What a device did: a latency, with everything that decides what it is worth.

Text is "" and a number or word is None where nobody stated it; nothing is guessed. Values are checked where they are
made, so that whoever has one need not check it again: `ValueError` says in a sentence what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Literal, get_args

from device_profiles.vocabulary import ComputeUnit, Precision, Runtime
from latency_db.kernel import Kernel

SubjectKind = Literal["kernel", "graph", "model"]

SourceKind = Literal["measured", "reported", "published"]
"""Measured here, reported by an app, or published by others."""

Unit = Literal[ComputeUnit, "all"]
"""Where it ran: a processor, or whichever of them the runtime chose, as Core ML and Core AI do under "all"."""

NumberFormat = Literal[Precision, "w4a8", "w4a16", "w8a16", "w16a16", "mixed"]
"""An export's precision, or one that only publications have: bits of the weights and of the activations. "int8" has
eight of both; "mixed" has several."""

Thermal = Literal[
    "nominal", "fair", "serious", "critical", "none", "light", "moderate", "severe", "emergency", "shutdown"
]
"""The device's state in the words of its system: `ProcessInfo.ThermalState` of iOS (the first four), or
`PowerManager.THERMAL_STATUS_…` of Android (the others, and "critical")."""

Quality = Literal["good", "busy", "drifting", "suspect"]
"""What checks made of it. "busy": others took the processor meanwhile; "drifting": later runs took longer or shorter
than earlier ones, and the processor was not busy; "suspect": others contradict it, as where a model fell back to
another processor. None where nothing was checked."""

_LONGEST = 400
"""Characters of a text"""
_MOST = 2**31 - 1
"""Of what is counted: a database's integer"""
_LEAST_MS, _MOST_MS = 1e-9, 1e12
"""A picosecond, in which no processor does anything, and thirty years: what is beyond is of another unit, and an
interval that is made of it would be infinite"""
_EARLIEST, _LATEST = datetime(2007, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Before there were such phones, and when no clock that was set is yet"""


@dataclass(frozen=True)
class Device:
    """A device as latency tables know it; two with one id and different chips are two."""

    id: str
    """Of its profile, where it has one; `host` is whichever machine its chip names."""
    soc: str = ""
    """System on a chip, such as "Exynos 9820"; a host's processor and number of cores."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]+", self.id):
            raise ValueError(f"'{self.id}' is no device's id: write it in small letters, digits and _.")
        _check_text("soc", self.soc)
        if self.id == "host" and not self.soc:
            raise ValueError("'host' alone names no machine: say its processor and number of cores as soc.")


@dataclass(frozen=True)
class Subject:
    """What was timed: a kernel, one graph of a model, or a whole model."""

    kind: SubjectKind
    key: str
    """A kernel's is `Kernel.key`. A graph's is its model's name, image size (rows x columns) and name, such as
    "efficienttam_s 512x512 track_step"; a model's has words for its task in place of the graph, or none. The size is
    missing where nobody stated it."""

    def __post_init__(self) -> None:
        check_word("A subject's kind", self.kind, SubjectKind)
        _check_text("key", self.key)
        if self.kind == "kernel":
            kernel = Kernel.of_key(self.key)
            kernel.check_extents()
            if kernel.key != self.key:
                raise ValueError(f"'{self.key}' says in other words what '{kernel.key}' says: pass that.")
        elif not _KEYS[self.kind].fullmatch(self.key):
            raise ValueError(f"'{self.key}' is no {self.kind}'s key, which looks like this: {_EXAMPLES[self.kind]}.")

    @classmethod
    def of_kernel(cls, kernel: Kernel) -> Subject:
        return cls("kernel", kernel.key)

    @classmethod
    def of_graph(cls, model: str, graph: str, image_size: tuple[int, int] | None = None) -> Subject:
        return cls("graph", " ".join([model, *_size(image_size), graph]))

    @classmethod
    def of_model(cls, model: str, task: str = "", image_size: tuple[int, int] | None = None) -> Subject:
        return cls("model", " ".join([model, *_size(image_size), *task.split()]))

    @property
    def name(self) -> str:
        """The model's name; the kind of a kernel, such as "conv"."""
        return self.key.partition(" ")[0]

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Rows and columns; None where nobody stated them, and of a kernel."""
        _, *words = self.key.split(" ")
        found = re.fullmatch(r"(\d+)x(\d+)", words[0]) if words and self.kind != "kernel" else None
        return (int(found[1]), int(found[2])) if found else None

    @property
    def task(self) -> str:
        """Of a model, its task in words, or nothing; of a graph its name."""
        _, *words = self.key.split(" ")
        return " ".join(words[1:] if self.image_size else words)


_EXAMPLES = {"graph": "efficienttam_s 512x512 track_step", "model": "efficientformer_l1 224x224 classify"}
_KEYS = {
    "graph": re.compile(r"\S+(?: [1-9]\d*x[1-9]\d*)? [a-z][a-z0-9_]*"),
    "model": re.compile(r"\S+(?: [1-9]\d*x[1-9]\d*)?(?: [a-z][a-z0-9_]*)*"),
}


def _size(image_size: tuple[int, int] | None) -> list[str]:
    """Rows and columns as a key has them."""
    return [] if image_size is None else [f"{image_size[0]}x{image_size[1]}"]


@dataclass(frozen=True)
class Source:
    """Where a figure comes from."""

    kind: SourceKind
    reference: str
    """The program with its version and commit, the app with its version, or the publication with its table or file."""
    licence: str = ""
    """Under which others may have the figure; every publication has one, or states that there is none."""

    def __post_init__(self) -> None:
        check_word("A source's kind", self.kind, SourceKind)
        _check_text("reference", self.reference)
        _check_text("licence", self.licence)
        if not self.reference:
            raise ValueError(
                "A source without a reference cannot be looked up: say which program or publication it is."
            )
        if self.kind == "published" and not self.licence:
            raise ValueError(
                f"'{self.reference}' is published under no stated licence: say which, or that it has none."
            )


@dataclass(frozen=True)
class Conditions:
    """What a subject ran with. Measurements compare where these are equal."""

    runtime: Runtime | None
    unit: Unit | None
    precision: NumberFormat | None
    runtime_version: str = ""
    delegate: str = ""
    """What the runtime hands the work to, such as "xnnpack" or "coreml", where it has a choice"""
    os: str = ""
    """Name and version, such as "Android 14" """
    threads: int | None = None
    cores: str = ""
    """Those that the threads are bound to, by tier: "1large2med"; "" where the system chose."""
    method: str = ""
    """How it was timed, such as "benchmark_model" or "vitexport bench"; "" of a publication that does not tell"""

    def __post_init__(self) -> None:
        for what, word, words in (
            ("The runtime", self.runtime, Runtime),
            ("The compute unit", self.unit, Unit),
            ("The precision", self.precision, NumberFormat),
        ):
            if word is not None:
                check_word(what, word, words)
        for what in ("runtime_version", "delegate", "os", "method"):
            _check_text(what, getattr(self, what))
        if self.os and not re.fullmatch(r"\S.* \d\S*", self.os):
            raise ValueError(f"'{self.os}' is no system: say its name and version, such as Android 14.")
        _check_count("threads", self.threads, 1)
        if self.cores and not re.fullmatch(r"([1-9]\d*(large|med|small))+", self.cores):
            raise ValueError(f"'{self.cores}' are no cores: count them by tier, such as 1large, 4small or 1large2med.")


@dataclass(frozen=True)
class Latency:
    """How long a run took, ms: a distribution as far as it is known, and how many runs it is of."""

    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    mean: float | None = None
    std: float | None = None
    figure: float | None = None
    """What a source gives that does not say which of these it is"""
    n: int | None = None
    """Runs that were timed"""
    warmup: int | None = None
    """Runs before them that were not"""

    def __post_init__(self) -> None:
        for what in ("p50", "p90", "p99", "mean", "figure"):
            _check_milliseconds(what, getattr(self, what))
        if self.std != 0:
            _check_milliseconds("std", self.std)
        if self.p50 is None and self.mean is None and self.figure is None:
            raise ValueError("A latency needs p50, mean, or a figure whose statistic nobody stated: pass one of them.")
        percentiles = [value for value in (self.p50, self.p90, self.p99) if value is not None]
        if percentiles != sorted(percentiles):
            raise ValueError(
                f"Percentiles rise, and p50, p90, p99 are {self.p50}, {self.p90}, {self.p99}: pass them in order."
            )
        _check_count("n", self.n, 1)
        _check_count("warmup", self.warmup, 0)

    @property
    def ms(self) -> float:
        """The one figure to compare by: the median, else the mean, else what the source gives."""
        return next(value for value in (self.p50, self.mean, self.figure) if value is not None)


@dataclass(frozen=True)
class Measurement:
    """A latency of a subject on a device, and where it comes from."""

    device: Device
    subject: Subject
    conditions: Conditions
    latency: Latency
    source: Source
    thermal: Thermal | None = None
    quality: Quality | None = None
    measured_at: datetime | None = None
    """With a time zone; None where a publication does not tell"""
    note: str = ""
    """One line: what to know about this row; of a correction, why"""

    def __post_init__(self) -> None:
        if self.thermal is not None:
            check_word("The thermal state", self.thermal, Thermal)
        if self.quality is not None:
            check_word("The quality", self.quality, Quality)
        if self.measured_at is not None and self.measured_at.tzinfo is None:
            raise ValueError(f"{self.measured_at} may be any of 24 hours: pass a time with its zone, such as UTC.")
        if self.measured_at is not None and not _EARLIEST <= self.measured_at <= _LATEST:
            raise ValueError(f"{self.measured_at} is no time at which a phone was measured: check its clock.")
        _check_text("note", self.note)


def check_word(what: str, word: object, vocabulary: object) -> None:
    """Raise `ValueError`, naming what there is, for a word that a `Literal` does not have."""
    words = get_args(vocabulary)
    if word not in words:
        raise ValueError(f"{what} '{word}' is not known: name one of {', '.join(words)}.")


def _check_text(what: str, text: str) -> None:
    if not text.isprintable() or text != text.strip() or len(text) > _LONGEST:
        raise ValueError(
            f"{what} {text[:60]!r} is more than a line, or begins or ends with a space: "
            f"pass at most {_LONGEST} characters that can be printed."
        )


def _check_milliseconds(what: str, value: float | None) -> None:
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool):  # databases do not take every number of numpy's
        raise ValueError(f"{what} is of {type(value).__name__}: pass a float, in milliseconds.")
    if not isfinite(value) or value <= 0:
        raise ValueError(f"{what} is {value}: no run takes that many milliseconds, pass a finite number above 0.")
    if value > _MOST_MS or (value < _LEAST_MS and what != "std"):
        raise ValueError(
            f"{what} is {value}: no run takes that many milliseconds, pass one from {_LEAST_MS:g} to {_MOST_MS:g}."
        )


def _check_count(what: str, value: int | None, least: int) -> None:
    if value is not None and (type(value) is not int or not least <= value <= _MOST):
        raise ValueError(f"{what} is {value!r}: pass a whole number from {least} to {_MOST}.")
