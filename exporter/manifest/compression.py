"""What a manifest says of a variant of fewer bits: what it gains on the same format in full precision."""

from __future__ import annotations

from pydantic import Field

from device_profiles.vocabulary import Precision
from exporter.manifest.part import Amount, MadeInVariant, Part


class Speed(Part):
    """Of a graph, beside its full precision: both timed in turns on the exporting machine, on one thread."""

    graph: str
    ms: float = Field(gt=0, description="Median of a run.")
    full_ms: float = Field(gt=0, description="The same in full precision.")


class CurvePoint(Part):
    """A choice of operators that was tried for mixed precision."""

    graph: str
    kinds: tuple[str, ...] = Field(description="Operators that have fewer bits, in the words of the format.")
    time: float = Field(gt=0, description="Of a run, as a share of full precision's; timed in turns, on one thread.")
    sqnr: float | None = Field(
        description="Least of the outputs in dB, beside full precision, on inputs of the calibration; null if equal."
    )
    bytes: Amount


class Fit(Part):
    """What integers that were fitted to a graph cost beside those of min/max, on calibration inputs.

    Half of squared error times curvature, in sum over tensors and layers (exporter/quantise/judged.py).
    """

    graph: str
    extremes: float = Field(description="With ranges and weights of min/max.")
    chosen: float
    folded: Amount = Field(description="Layer norms that scales of channels were moved out of.")


class Lossy(Part):
    """An operator, and what is left of a graph's outputs where it alone has eight bits."""

    operator: str = Field(description="As `aten.conv2d.default`, or `input`.")
    module: str = Field(description="That it is in.")
    sqnr: float | None = Field(description="dB, to first order; null where nothing is lost.")
    weights: float | None = Field(description="By its weights alone; null of those without, too.")


class Sensitivity(Part):
    """Where eight bits lose accuracy, whatever the format: by gradients, on calibration inputs.

    It is what integers add for the range of nearly all values (exporter/quantise/sensitivity.py); noise adds up.
    """

    graph: str
    sqnr: float | None = Field(description="Of the outputs with everything in eight bits, dB; null if nothing is lost.")
    extremes: float | None = Field(default=None, description="The same for the range of all values, which is min/max.")
    kinds: dict[str, float] = Field(description="Operators of a kind -> dB where they alone have; the worst first.")
    worst: tuple[Lossy, ...] = Field(description="Single operators, the worst first.")


class Compression(MadeInVariant):
    """A variant of fewer bits as a whole. What it loses stands in the verifications of its artefacts."""

    full: Precision = Field(description="Of the format, which it is compared with.")
    size: float = Field(gt=0, description="Bytes of its artefacts, as a share of those in full precision.")
    speeds: tuple[Speed, ...] = Field(description="Of each graph; none where nothing native runs the format here.")
    quantised: dict[str, str] = Field(description="Graph -> what of it has fewer bits, in words.")
    curve: tuple[CurvePoint, ...] = Field(
        default=(), description="What was tried for mixed precision, the fastest first; empty of others."
    )
    least_sqnr: float | None = Field(
        default=None, description="What was asked of mixed precision, in dB; null where nothing is mixed."
    )
    ranges: str = Field(default="", description="How ranges of activations were found, where not as suits the format.")
    fits: tuple[Fit, ...] = Field(default=(), description="Of each graph that integers were fitted to.")
    calibration: str = Field(description="What ranges of activations were read off; empty where there are none.")

    def speed(self, graphs: tuple[str, ...]) -> float | None:
        """How many times as fast as in full precision the graphs are that run on every frame; None if unknown."""
        timed = [one for one in self.speeds if one.graph in graphs]
        return sum(one.full_ms for one in timed) / sum(one.ms for one in timed) if timed else None
