"""What the parts of a manifest share: strictness, limits on numbers and paths, and the variants of artefacts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from device_profiles.vocabulary import Precision

_MOST = 2**50
"""No number of anything here is larger."""
Count = Annotated[int, Field(ge=1, le=_MOST)]
"""How many there are of something"""
Amount = Annotated[int, Field(ge=0, le=_MOST)]
"""The same of what there may be none of"""

MOST_PARTS = 20
"""Of a path in a bundle: a package has five, with the bundle's own two"""


def _in_a_bundle(path: str) -> str:
    """The path itself; raises `ValueError` for one that leads out, and for one that not every system can have."""
    parts = path.split("/")
    if (
        not path.isprintable()
        or "\\" in path
        or len(parts) > MOST_PARTS
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise ValueError("no path in a bundle")
    return path


InnerPath = Annotated[str, Field(max_length=1000), AfterValidator(_in_a_bundle)]
"""Of a file or package, relative to the bundle, with / between folders"""
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, as sha256sum has it.")]


@dataclass(frozen=True)
class Variant:
    """One way of making a model's artefacts; with a graph's name it identifies an artefact in a bundle."""

    format: str
    precision: Precision
    delegate: str | None = None
    """None where the format has no choice of delegates"""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.format, self.precision, self.delegate)))


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MadeInVariant(Part):
    """What is said of a graph, or of a whole model, in one variant."""

    format: str
    precision: Precision
    delegate: str | None = Field(description="Accelerated backend inside the format; null where there is no choice.")

    @property
    def variant(self) -> Variant:
        """What it is made in."""
        return Variant(self.format, self.precision, self.delegate)


def label_among(variants: Collection[Variant], variant: Variant) -> str:
    """What to call one of several variants: its format, with what tells it from others of that format."""
    same = [one for one in variants if one.format == variant.format]
    parts = [variant.format]
    if len({one.precision for one in same}) > 1:
        parts.append(variant.precision)
    if len({one.delegate for one in same}) > 1 and variant.delegate is not None:
        parts.append(variant.delegate)
    return " ".join(parts)
