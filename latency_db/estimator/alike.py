"""A device that nobody timed anything on: the most alike one that has cells, scaled by what profiles say of both.

How far that errs was tried by leaving out each phone of the end-to-end tables in turn, without one anchor
(`data/estimator/alike.csv.gz`, made by `latency_db.fitting.alike_devices`); nothing else makes the interval.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, cast

import numpy as np

import device_profiles
from device_profiles.vocabulary import Runtime
from latency_db.coverage import quantile
from latency_db.end_to_end.cells import UNSEEN, Cell, CellId, EndToEnd, shipped
from latency_db.estimator.cores import cores_of
from latency_db.estimator.estimate import Estimate
from latency_db.estimator.kernel_sums import from_shipped_table
from latency_db.estimator.question import HOST, Question
from latency_db.estimator.rooflines import (
    MOST_FAR,
    Priced,
    cell_name,
    cell_precision,
    far_share,
    nearest_version,
    of_cell,
    own_cell,
    priced,
    seen,
)
from latency_db.estimator.shares import USUAL
from latency_db.shipped_tables import DATA, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TABLE = DATA / "estimator" / "alike.csv.gz"

STAND_INS = {"executorch": "tflite"}
"""Runtime without cells -> the one that runs the same library on CPUs: both hand a graph to XNNPACK."""
OTHER_LIBRARY = "stand-in"
"""The unit under which the table has by how much two runtimes differ on one phone"""

ORDER_APART, KIND_APART, VENDOR_APART, THREADS_APART = 1.0, 0.1, 0.2, 2.0
"""How far apart, in logarithms of speed, cores are taken to be of which only one set runs in order; which have other
names; of which only one set is Apple's; and whose numbers differ by a factor of e"""
YEARS = 1
"""Phones of one platform that were launched so many years apart stand in for each other's bandwidth."""


@dataclass(frozen=True)
class LeftOut:
    """How far a phone was from what the most alike of the others said of it."""

    runtime: str
    unit: str
    precision: str
    device: str
    error: float
    """90 % of its |ln(measured / estimated)|, over cores and models, in units of 1 + distance"""
    median: float
    """Of |estimated / measured - 1|"""
    rows: int


@dataclass(frozen=True)
class Likeness:
    """A cell in the place of another."""

    cell: Priced
    ratio: float
    """What its latencies are multiplied by"""
    distance: float
    """In logarithms of speed, with what else sets them apart"""
    doubts: tuple[str, ...] = ()


def nearest_cell(question: Question) -> Array:
    """[features] what each costs next to the others: by the device's own cell, that most alike, or as is usual."""
    if question.device == HOST:
        return USUAL
    cells = (found.cell for found in in_order_of_likeness(shipped(), _asked(question), question.features))
    found = own_cell(question) or next((cell for cell in cells if not _far(question, cell)), None)
    return USUAL if found is None else found.coefficients


def from_alike_device(question: Question) -> Estimate | None:
    """By the cells of the most alike device; None where no device has any of this runtime, unit and precision.

    A cell of which most would be far beyond any model that was timed there gives way to the next; where it is so of
    all, the first one answers with a wider interval.
    """
    if question.device == HOST:
        return None
    beyond = list[Likeness]()
    for found in in_order_of_likeness(shipped(), _asked(question), question.features):
        there = _there(question, found)
        estimate = from_shipped_table(there)
        if estimate is None and _far(question, found.cell):
            beyond.append(found)
        elif estimate := estimate or of_cell(there, found.cell):
            return _from_there(question, found, estimate)
    for found in beyond:
        if estimate := of_cell(_there(question, found), found.cell):
            return _from_far(question, found, estimate)
    return None


def _far(question: Question, cell: Priced) -> bool:
    return far_share(shipped(), cell, question.features[0]) > MOST_FAR


def _from_far(question: Question, found: Likeness, there: Estimate) -> Estimate:
    """As `_from_there`, of what is far beyond any model that was timed there."""
    half = UNSEEN * math.log(there.high / there.ms)
    wider = replace(there, low=there.ms * math.exp(-half), high=there.ms * math.exp(half))
    doubt = "most of it is far beyond what was timed anywhere: interval widened"
    return _from_there(question, replace(found, doubts=(*found.doubts, doubt)), wider)


def _from_there(question: Question, found: Likeness, there: Estimate) -> Estimate:
    """What a workload takes, by what it takes on the alike device."""
    key = _asked(question)
    half = math.log(there.high / there.ms)
    itself = (found.cell.cell.id.device, found.cell.cell.id.cores) == (key.device, key.cores)
    if not itself:
        half = math.hypot(half, half_width(key, found.distance))
    if key.runtime != question.runtime:
        half = math.hypot(half, half_width(replace(key, unit=OTHER_LIBRARY), 0.0))
    factor = math.exp(half)
    ms = found.ratio * there.ms
    kernels = tuple(
        replace(one, ms=found.ratio * one.ms, low=found.ratio * one.ms / factor, high=found.ratio * one.ms * factor)
        for one in there.kernels
    )
    reason = _reason(question, found, key.runtime, itself) + there.reason
    return Estimate(ms, ms / factor, ms * factor, "alike device", reason, there.coverage, kernels, question.conditions)


def _asked(question: Question) -> CellId:
    """The cell that would answer, if there were one."""
    runtime = STAND_INS.get(question.runtime, question.runtime) if question.unit == "cpu" else question.runtime
    return CellId(question.device, runtime, "", question.unit, question.conditions.cores, cell_precision(question))


def _there(question: Question, found: Likeness) -> Question:
    """The same of the alike device, of which nothing but tables is known."""
    key = found.cell.cell.id
    conditions = replace(question.conditions, runtime=cast(Runtime, key.runtime), cores=key.cores, threads=None)
    return Question(question.workload, key.device, conditions, (), ())


def most_alike(table: EndToEnd, asked: CellId, graphs: Array, without: Collection[str] = ()) -> Likeness | None:
    """The first of all cells in order of likeness."""
    return next(in_order_of_likeness(table, asked, graphs, without), None)


def in_order_of_likeness(
    table: EndToEnd, asked: CellId, graphs: Array, without: Collection[str] = ()
) -> Iterator[Likeness]:
    """Cells like the one asked for, the most alike first, whatever their version, of any device but some.

    One that has priced everything that graphs [graphs, features] have goes before one that has not.
    """
    candidates: dict[tuple[str, str], list[Cell]] = {}
    for cell in table.cells.values():
        key = cell.id
        same = (key.runtime, key.unit, key.precision) == (asked.runtime, asked.unit, asked.precision)
        if same and key.device not in without:
            candidates.setdefault((key.device, key.cores), []).append(cell)
    has = (graphs > 0).any(axis=0)
    ranked = []
    for place, cells in candidates.items():
        if compared := _compared(asked, *place):
            unpriced = int((has & ~np.any([seen(table, cell) for cell in cells], axis=0)).sum())
            ranked.append((unpriced, compared[1], place, compared))
    for _, _, place, (ratio, distance, doubts) in sorted(ranked, key=lambda one: one[:3]):
        nearest = nearest_version(table, candidates[place], graphs)
        yield Likeness(priced(table, nearest), ratio, distance, doubts)


def half_width(key: CellId, distance: float) -> float:
    """Of the 90 % interval in logarithms, for a cell that another one stands for at a distance."""
    errors = [one.error for one in left_out() if (one.runtime, one.unit) == (key.runtime, key.unit)
              and one.precision == key.precision]  # fmt: skip
    return quantile(errors) * (1 + distance)


@cache
def left_out() -> tuple[LeftOut, ...]:
    """Every phone, from the shipped table."""
    return rows_of(TABLE.read_bytes(), LeftOut)


def _compared(asked: CellId, device: str, cores: str) -> tuple[float, float, tuple[str, ...]] | None:
    """How many times as long the device asked for takes, how far the two are apart, and doubts."""
    if asked.unit == "gpu":
        (own, doubt), (other, other_doubt) = _bandwidth(asked.device), _bandwidth(device)
        if own is None or other is None:
            return None
        # In proportion: of the bandwidth to the powers of 1, 1.5, 2 and 2.5, that of 1 errs least over the phones with
        # cells of GPUs, each left out.
        faster = math.log(own / other)
        return math.exp(-faster), abs(faster) + _vendors_apart(asked.device, device), (*doubt, *other_doubt)
    mine, theirs = cores_of(asked.device, asked.cores), cores_of(device, cores)
    if mine is None or theirs is None:
        return None
    faster = math.log(mine.speed / theirs.speed)
    distance = abs(faster) + _vendors_apart(asked.device, device)
    distance += ORDER_APART * (mine.fastest.in_order != theirs.fastest.in_order)
    distance += KIND_APART * (mine.fastest.name != theirs.fastest.name)
    return math.exp(-faster), distance + THREADS_APART * abs(math.log(mine.count / theirs.count)), ()


def _vendors_apart(one: str, other: str) -> float:
    apples = [device_profiles.load(device).vendor == "Apple" for device in (one, other)]
    return VENDOR_APART * (apples[0] != apples[1])


@cache
def _bandwidth(device: str) -> tuple[float | None, tuple[str, ...]]:
    """GB/s, and a doubt where it is not its own but that of phones of its years."""
    profile = device_profiles.load(device)
    if profile.memory and profile.memory.bandwidth_gbs:
        return profile.memory.bandwidth_gbs, ()
    usual = list(_bandwidths(profile.platform, profile.year or 0))
    doubt = f"no source states the bandwidth of {device}, so that of other phones of its year stands for it"
    return (median(usual), (doubt,)) if usual else (None, ())


def _bandwidths(platform: str, year: int) -> Iterator[float]:
    for other in device_profiles.all_devices():
        near = other.platform == platform and other.year is not None and abs(other.year - year) <= YEARS
        if near and other.memory and other.memory.bandwidth_gbs:
            yield other.memory.bandwidth_gbs


def _reason(question: Question, found: Likeness, runtime: str, itself: bool) -> str:
    words = ""
    if not itself:
        ratio = f"{found.ratio:.2f} × its time by {'bandwidth' if question.unit == 'gpu' else 'cores and clocks'}"
        timed = cell_name(found.cell.cell)
        place = f"{question.device} {question.conditions.cores}".rstrip()
        timed_there = _asked(question) in {replace(key, version="") for key in shipped().cells}
        words = (
            f"most of it is far beyond what was timed on {place}" if timed_there else f"nothing was timed on {place}"
        )
        words += f"; most alike is {timed}, {ratio}; "
    if runtime != question.runtime:
        words += f"{question.runtime} runs XNNPACK on CPUs as {runtime} does; "
    return words + "".join(f"{doubt}; " for doubt in found.doubts)
