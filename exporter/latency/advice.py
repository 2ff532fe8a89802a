"""Which devices, and which ways to export a model for them, keep up with so many frames a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import device_profiles
from device_profiles.browser import RUNS
from device_profiles.platforms import runs
from device_profiles.schema import Device
from device_profiles.vocabulary import Precision
from exporter.backends import FORMATS, backend
from exporter.errors import BackendError
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.refusals import as_mistakes
from exporter.latency.spread import published
from exporter.latency.workloads import of_model
from exporter.models.registry import ModelInfo, model_info
from exporter.plan import device_of
from exporter.verify.verdict import listed
from latency_db.estimator.advise import BY_VENDORS, UNITS, Advised, Variant, advise, together
from latency_db.estimator.workload import Workload
from latency_db.measurement import Unit
from latency_db.registered import shipped_index


@dataclass(frozen=True)
class Compared:
    """Ways to export a model, on all devices that were asked about."""

    devices: tuple[str, ...]
    advised: Advised
    by_vendors: Advised
    """On NPUs, with what a bundle does not have (`BY_VENDORS`)"""

    @property
    def unknown_devices(self) -> tuple[str, ...]:
        """Those of which nothing is known, however the model is exported for them."""
        known = {row.device for row in self.advised.rows}
        return tuple(device for device in self.devices if device not in known)


def advice(
    model: str,
    fps: float,
    *,
    targets: Sequence[str] = (),
    formats: Sequence[str] = (),
    precisions: Sequence[Precision] = (),
    sizes: Sequence[int] = (),
    url: str | None = None,
) -> Compared:
    """Every way to export a model for a device, judged by frames a second.

    Without targets all devices that have a profile, without formats those that each prefers, without precisions each
    format's default, without sizes those of the index of registered models. Raises `VitexportError` for what there is
    not.
    """
    info = model_info(model)
    devices = [device_of(target) for target in targets] or device_profiles.all_devices()
    asked_sizes = tuple(sizes) or shipped_index().sizes(info.name) or (info.image_size,)

    @cache
    def workload(size: int, runtime: str, unit: str) -> Workload:
        return of_model(info, size, runtime, unit)

    def judged(units: Callable[[Device, str], Sequence[Unit]], of_sizes: Sequence[int]) -> Advised:
        return together(
            advise(
                [
                    Variant(format, precision, size, unit, workload(size, format, unit))
                    for format, precision in _made(device, formats, precisions)
                    for unit in units(device, format)
                    for size in of_sizes
                ],
                [device.id],
                fps,
                own.measured,
                own.fits,
            )
            for device in devices
        )

    _refuse(devices, formats, precisions)
    with as_mistakes():
        own = own_figures(url=url)
        on_npus = _sizes_on_npus(info, own, url)
        by_vendors = judged(_units_by_vendors, [size for size in asked_sizes if size in on_npus])
        return Compared(tuple(device.id for device in devices), judged(_units, asked_sizes), by_vendors)


def _made(device: Device, formats: Sequence[str], precisions: Sequence[Precision]) -> list[tuple[str, Precision]]:
    """Formats with precisions in which a model would be exported for a device, of those that are asked for."""
    return [
        (format, precision)
        for format in formats or device.prefer.formats
        for precision in _precisions(format, precisions)
    ]


def _units(device: Device, format: str) -> Sequence[Unit]:
    """Where a format may run on a device; of one that browsers do not run, the refusal says so."""
    in_browsers = RUNS.get(format) if device.platform == "browser" else None
    return in_browsers or UNITS.get(format, ("cpu",))


def _units_by_vendors(device: Device, format: str) -> Sequence[Unit]:
    return (BY_VENDORS[format],) if device.platform == "android" and format in BY_VENDORS else ()


def _sizes_on_npus(info: ModelInfo, own: OwnFigures, url: str | None) -> set[int]:
    """At which anybody has timed a model on an NPU; nothing tells of others."""
    subjects = [row.subject for row in own.measured if row.conditions.unit == "npu"]
    timed = {subject.image_size[0] for subject in subjects if subject.image_size and subject.name == info.name}
    return timed | {row.size for row in published(info.name, url) if row.size and row.unit == "npu"}


def _precisions(format: str, asked: Sequence[Precision]) -> Sequence[Precision]:
    offered = backend(format).precisions
    return [precision for precision in asked if precision in offered] if asked else offered[:1]


def _refuse(devices: Sequence[Device], formats: Sequence[str], precisions: Sequence[Precision]) -> None:
    """Raise `BackendError` for a format that there is not, or not in these precisions, and where none is left."""
    words = " or ".join(precisions)
    for format in formats:
        if not _precisions(format, precisions):
            offered = listed(backend(format).precisions)
            raise BackendError(f"{format} offers {offered}, not {words}: name another precision.")
    if not any(_made(device, formats, precisions) for device in devices):
        preferred = dict.fromkeys(format for device in devices for format in device.prefer.formats)
        able = [one for one in FORMATS if any(runs(one, device.platform) for device in devices)]
        offering = [one for one in able if _precisions(one, precisions)]
        other = f"name {' or '.join(offering)} as --format" if offering else "name another precision"
        raise BackendError(f"None of {', '.join(preferred)}, which are preferred there, comes in {words}: {other}.")
