"""Which devices, formats and precisions of a model keep up with so many frames a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from starlette.responses import Response

import device_profiles
from device_profiles.browser import RUNS
from device_profiles.schema import Device
from device_profiles.vocabulary import Runtime
from latency_db.estimator.advise import BY_VENDORS, UNITS, Advice, Advised, Variant, together
from latency_db.estimator.question import DEFAULT_PRECISIONS
from latency_db.measurement import Conditions, NumberFormat, Unit
from latency_db.published.rows import find
from latency_db.registered import shipped_index
from latency_db.service.answers.parts import Asked, DeviceName, ModelName, Service, Size, problems, sent
from latency_db.service.documents import AdviceDocument, AdviceOfModel
from latency_db.service.estimates import profile_of, size_of
from latency_db.service.problems import Problem
from latency_db.service.workloads import workload_of

router = APIRouter(prefix="/v1", tags=["latencies"])

_Word = TypeVar("_Word")
_WAYS = 1_000
"""To run a model on devices, of one question; all devices as they prefer have 182."""


_Devices = Annotated[tuple[DeviceName, ...], Query(description="Those with a profile, unless named", max_length=64)]
_Formats = Annotated[tuple[Runtime, ...], Query(description="Those that a device prefers, unless named", max_length=16)]
_Precisions = Annotated[tuple[NumberFormat, ...], Query(description="The usual one, unless named", max_length=16)]
_Sizes = Annotated[tuple[Size, ...], Query(description="The model's usual one, unless named", max_length=16)]


@router.get(
    "/advise", response_model=AdviceOfModel, responses=problems(404, 422), summary="Which devices keep up, and how"
)
async def advise(
    of: Asked,
    model: ModelName,
    fps: Annotated[float, Query(description="Frames a second to reach", gt=0, le=1e6, allow_inf_nan=False)],
    device: _Devices = (),
    format: _Formats = (),
    precision: _Precisions = (),
    size: _Sizes = (),
) -> Response:
    """Without sizes at the model's usual one, without devices on all that have a profile."""
    formats, precisions = _once(format), _once(precision)
    sizes = _once(size) or [size_of(model, None)]
    by_id = {one.id: one for one in map(profile_of, device)}
    devices = list(by_id.values()) or device_profiles.all_devices()
    units = sum(len(_units(one, name)) for one in devices for name in formats or one.prefer.formats)
    asked = units * max(len(precisions), 1) * len(sizes)
    if asked > _WAYS:
        raise Problem(
            422,
            f"These are {asked:,} ways to run {model}, and {_WAYS:,} are looked into at once: name fewer devices, "
            "formats, precisions or sizes.",
        )
    return await of.in_thread(of.computing, _advice, of, model, fps, devices, (formats, precisions, sizes))


def _once(given: Sequence[_Word]) -> list[_Word]:
    """Each word that was asked for, once."""
    return list(dict.fromkeys(given))


_Way = tuple[Conditions, int]
"""How a model is exported, and at which size"""


def _advice(
    of: Service,
    model: str,
    fps: float,
    devices: Sequence[Device],
    stated: tuple[Sequence[Runtime], Sequence[NumberFormat], Sequence[int]],
) -> Response:
    """By what vendors publish of their compilers, too, in the formats, precisions and sizes that are stated."""
    formats, precisions, sizes = stated
    on_npus = _sizes_on_npus(model)
    timed = [size for size in sizes if size in on_npus]
    own = [(one, _ways(one, formats, precisions, sizes, _units)) for one in devices]
    vendors = [(one, _ways(one, formats, precisions, timed, _units_by_vendors)) for one in devices]
    found = together(_advised(of, model, fps, one.id, ways) for one, ways in own)
    by_vendors = together(_advised(of, model, fps, one.id, ways) for one, ways in vendors)
    known = {row.device for row in found.rows}
    return sent(
        AdviceOfModel(
            model=model,
            fps=fps,
            rows=tuple(map(_document, found.rows)),
            by_vendors=tuple(map(_document, by_vendors.rows)),
            unknown=found.unknown,
            unknown_devices=tuple(one.id for one in devices if one.id not in known),
        )
    )


def _ways(
    device: Device,
    formats: Sequence[Runtime],
    precisions: Sequence[NumberFormat],
    sizes: Sequence[int],
    units: Callable[[Device, str], Sequence[Unit]],
) -> list[_Way]:
    return [
        (Conditions(format, unit, precision), size)
        for format in formats or device.prefer.formats
        for precision in precisions or (DEFAULT_PRECISIONS.get(format, "fp32"),)
        for unit in units(device, format)
        for size in sizes
    ]


def _units(device: Device, format: str) -> Sequence[Unit]:
    """Where a format may run on a device; of one that browsers do not run, the refusal says so."""
    in_browsers = RUNS.get(format) if device.platform == "browser" else None
    return in_browsers or UNITS.get(format, ("cpu",))


def _units_by_vendors(device: Device, format: str) -> Sequence[Unit]:
    return (BY_VENDORS[format],) if device.platform == "android" and format in BY_VENDORS else ()


def _sizes_on_npus(model: str) -> set[int]:
    """At which anybody has timed a model on an NPU; nothing tells of others."""
    rows = [row for name in shipped_index().published_names(model) for row in find(name)]
    return {row.size for row in rows if row.size and row.unit == "npu"}


def _advised(of: Service, model: str, fps: float, device: str, ways: Sequence[_Way]) -> Advised:
    rows, unknown, known = list[Advice](), dict[str, None](), of.estimates.known(device)
    for conditions, size in ways:
        try:
            found = of.estimates.of(model, size, device, conditions, known).estimate
        except (ValueError, Problem) as nothing:  # `NoEstimate` is one of the former
            unknown[str(nothing)] = None
            continue
        settled = found.conditions
        assert settled.unit is not None
        assert settled.precision is not None
        workload = workload_of(model, size, settled)
        variant = Variant(str(settled.runtime), settled.precision, size, settled.unit, workload)
        rows.append(Advice(device, variant, found, 1000 / fps))
    return Advised(tuple(rows), tuple(unknown))


def _document(row: Advice) -> AdviceDocument:
    variant, took = row.variant, row.estimate
    return AdviceDocument(
        device=row.device, format=variant.format, unit=variant.unit, precision=variant.precision, size=variant.size,
        ms=took.ms, low=took.low, high=took.high, method=took.method, reason=took.reason, fps=row.fps,
        reaches=row.reaches, surely=row.surely, vague=row.vague,
    )  # fmt: skip
