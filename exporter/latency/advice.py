"""Which devices, and which ways to export a model for them, keep up with so many frames a second."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import device_profiles
from device_profiles.schema import Device
from device_profiles.vocabulary import Precision
from exporter.backends import backend
from exporter.errors import BackendError, LatencyError
from exporter.latency.own_figures import own_figures
from exporter.latency.refusals import as_mistakes
from exporter.latency.workloads import of_model
from exporter.models.registry import model_info
from exporter.plan import device_of
from latency_db.estimator.advise import RUNTIMES, Advised, Variant, advise, together
from latency_db.estimator.workload import Workload
from latency_db.measurement import Unit
from latency_db.registered import shipped

UNITS: dict[str, tuple[Unit, ...]] = {"coreml": ("all",), "tflite": ("cpu", "gpu")}
"""Format -> where it may run; Core ML chooses by itself, all others run on the CPU."""


def advice(
    model: str,
    fps: float,
    *,
    targets: Sequence[str] = (),
    formats: Sequence[str] = (),
    precisions: Sequence[Precision] = (),
    sizes: Sequence[int] = (),
    url: str | None = None,
) -> Advised:
    """Every way to export a model for a device, judged by frames a second.

    Without targets all devices that have a profile, without formats those that each prefers, without precisions each
    format's default, without sizes those of the index of registered models. Raises `VitexportError` for what there is
    not.
    """
    info = model_info(model)
    devices = [device_of(target) for target in targets] or device_profiles.all_devices()
    asked_sizes = tuple(sizes) or shipped().sizes(info.name) or (info.image_size,)

    @cache
    def workload(size: int, runtime: str, unit: str) -> Workload:
        return of_model(info, size, runtime, unit)

    def variants(device: Device) -> list[Variant]:
        return [
            Variant(format, precision, size, unit, workload(size, RUNTIMES[format], unit))
            for format in formats or device.prefer.formats
            if format in RUNTIMES
            for precision in _precisions(format, precisions)
            for unit in UNITS.get(format, ("cpu",))
            for size in asked_sizes
        ]

    _refuse(formats, precisions)
    with as_mistakes():
        own = own_figures(url=url)
    try:
        return together(advise(variants(device), [device.id], fps, own.measured, own.fits) for device in devices)
    except ValueError as error:
        raise LatencyError(str(error)) from None


def _precisions(format: str, asked: Sequence[Precision]) -> Sequence[Precision]:
    offered = backend(format).precisions
    return [precision for precision in asked if precision in offered] if asked else offered[:1]


def _refuse(formats: Sequence[str], precisions: Sequence[Precision]) -> None:
    """Raise `BackendError` for a format that there is not, or of which nothing can be known."""
    for format in formats:
        backend(format)
        if format not in RUNTIMES:
            raise BackendError(f"Nobody has published latencies of {format}: name {' or '.join(RUNTIMES)}.")
        if precisions and not _precisions(format, precisions):
            offered = " and ".join(backend(format).precisions)
            raise BackendError(f"{format} offers {offered}, not {' or '.join(precisions)}: name another precision.")
