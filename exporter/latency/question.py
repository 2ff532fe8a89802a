"""A question about the latency of a registered model, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from device_profiles.schema import Device
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.refusals import as_mistakes
from exporter.latency.workloads import of_model, unit_of
from exporter.models.registry import ModelInfo, model_info
from exporter.plan import device_of, resolved
from latency_db.measurement import Conditions

if TYPE_CHECKING:
    from latency_db.estimator.estimate import Estimate


@dataclass(frozen=True)
class Asked:
    """What does a model take on a device?"""

    info: ModelInfo
    size: int
    """Side of the image in pixels"""
    device: Device
    conditions: Conditions
    """With a runtime; the estimate settles what else nobody stated, and says so."""
    own: OwnFigures
    """What the user has measured of the device"""


def asked_about(
    model: str,
    target: str,
    *,
    runtime: str | None = None,
    size: int | None = None,
    url: str | None = None,
    **conditions: Any,
) -> Asked:
    """A question about a registered model, by its name and a device's; `conditions` are fields of `Conditions`.

    Without a runtime it is about the first format that the device prefers, without a size about the one that an export
    takes. `url` is that of the user's database. Raises `VitexportError` for what there is not.
    """
    device = device_of(target)
    info = resolved(model_info(model), device, size)
    chosen: Any = runtime or device.prefer.formats[0]
    with as_mistakes():
        stated = Conditions(**{"runtime": chosen, "unit": None, "precision": None} | conditions)
        own = own_figures(device, url=url)
    return Asked(info, info.image_size if size is None else size, device, stated, own)


def answer(asked: Asked) -> Estimate:
    """What is expected, from the shipped tables and what the user has measured.

    Raises `VitexportError` where nothing is known, and for a size that the model does not take.
    """
    from latency_db.estimator.estimator import estimate

    conditions = asked.conditions
    workload = of_model(asked.info, asked.size, str(conditions.runtime), unit_of(conditions))
    with as_mistakes():
        return estimate(workload, asked.device.id, conditions, asked.own.measured, asked.own.fits)
