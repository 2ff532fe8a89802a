"""A question about latency, with what its user left open settled, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from device_profiles.schema import Device
from exporter.errors import LatencyError
from exporter.latency.own_figures import OwnFigures, own_figures
from exporter.latency.refusals import as_mistakes
from exporter.latency.workloads import of_model
from exporter.models.registry import ModelInfo, model_info
from exporter.plan import device_of, resolved
from latency_db.estimator.question import completed
from latency_db.measurement import Conditions

if TYPE_CHECKING:
    from latency_db.estimator.estimate import Estimate

RUNTIMES = ("tflite", "executorch", "onnx", "coreml", "pytorch")
"""Whose cuts of a graph are known"""


@dataclass(frozen=True)
class Question:
    """What does a model take on a device?"""

    info: ModelInfo
    size: int
    """Side of the image in pixels"""
    device: Device
    conditions: Conditions
    """With runtime, compute unit, precision and, on a phone's CPU, cores"""
    own: OwnFigures
    """What the user has measured of the device"""

    @property
    def on(self) -> str:
        """Processor, cores and threads, in words."""
        asked = self.conditions
        unit = "whatever it chooses" if asked.unit == "all" else f"the {str(asked.unit).upper()}"
        threads = f"{asked.threads} thread{'s' * (asked.threads > 1)}" if asked.threads else ""
        return ", ".join(filter(None, (unit, f"cores {asked.cores}" if asked.cores else "", threads)))


def question(
    model: str,
    target: str,
    *,
    runtime: str | None = None,
    size: int | None = None,
    url: str | None = None,
    **conditions: Any,
) -> Question:
    """A question about a registered model, by its name and a device's; `conditions` are fields of `Conditions`.

    Without a runtime it is about the first format that the device prefers, without a size about the one that an export
    takes. `url` is that of the user's database. Raises `VitexportError` for what there is not.
    """
    device = device_of(target)
    info = resolved(model_info(model), device, size)
    chosen: Any = runtime or device.prefer.formats[0]
    with as_mistakes():
        own = own_figures(device, chosen, url)
    try:
        stated = Conditions(**{"runtime": chosen, "unit": None, "precision": None} | conditions)
        complete, _ = completed(stated, device.id, own.measured)
    except ValueError as error:
        raise LatencyError(str(error)) from None
    return Question(info, info.image_size if size is None else size, device, complete, own)


def answer(asked: Question) -> Estimate:
    """What is expected, from the shipped tables and what the user has measured.

    Raises `VitexportError` where nothing is known, and for a size that the model does not take.
    """
    from latency_db.estimator.estimator import estimate

    workload = of_model(asked.info, asked.size, str(asked.conditions.runtime), str(asked.conditions.unit))
    with as_mistakes():
        return estimate(workload, asked.device.id, asked.conditions, asked.own.measured, asked.own.fits)
