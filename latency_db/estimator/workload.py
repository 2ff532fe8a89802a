"""What a device is asked to run for one image or frame: graphs cut into kernels, and the facts of their model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from latency_db.kernel import Kernel
from latency_db.published.coreml_models import ModelFacts


@dataclass(frozen=True)
class Workload:
    """The graphs that run once for each image, as one runtime on one compute unit cuts them."""

    graphs: Mapping[str, tuple[Kernel, ...]]
    """Graph -> its kernels in order. A classifier has `classify`; a frame of a tracker is `encode_image` and
    `track_step`."""
    facts: ModelFacts | None = None
    """Of the model, by which published rows are found; None of kernels that are no known model's"""
    usual_size: int | None = None
    """Side of the image, in pixels, at which the model is run where nobody says: what is measured without a size is at
    this one. None where nobody knows it"""
