"""Inputs that may have one of several shapes, or any within a range: a program here has fixed ones.

It edits the protobuf message `Model` that coremltools has parsed, before a program is read from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from exporter.errors import InputShapeError
from exporter.mil.specification import colour, features


def settle_shapes(model: Any, function: str, wanted: Mapping[str, tuple[int, ...]], name: str) -> None:
    """Give each input of flexible shape the one that is wanted of it, or else its default one.

    Raises `InputShapeError` for a shape that the specification does not allow.
    """
    described = features(model, function)
    for declared in model.mlProgram.functions[function].inputs:
        dimensions = declared.type.tensorType.dimensions
        if declared.name not in described or all(one.WhichOneof("dimension") == "constant" for one in dimensions):
            continue
        feature = described[declared.name]
        extents = wanted.get(declared.name, _default_shape(feature))
        allowed = _allowed_shapes(feature)
        if allowed and not any(_lies_within(extents, bounds) for bounds in allowed):
            shapes = " or ".join(_bounds_text(bounds) for bounds in allowed)
            raise InputShapeError(f"{name} takes {declared.name!r} of the shape {shapes}, not {list(extents)}.")
        for dimension, extent in zip(dimensions, extents, strict=False):
            dimension.constant.size = extent


def _default_shape(feature: Any) -> tuple[int, ...]:
    if feature.WhichOneof("Type") == "imageType":
        return 1, _channels(feature), feature.imageType.height, feature.imageType.width
    return tuple(feature.multiArrayType.shape)


def _channels(feature: Any) -> int:
    return 1 if colour(feature) == "GRAYSCALE" else 3


_Bounds = tuple[tuple[int, float], ...]
"""The least and greatest extent of each axis"""


def _allowed_shapes(feature: Any) -> list[_Bounds]:
    """What an input of flexible shape may have: one of several shapes, or any within one range."""
    if feature.WhichOneof("Type") == "imageType":
        image, channels = feature.imageType, _channels(feature)
        if image.WhichOneof("SizeFlexibility") == "imageSizeRange":
            sizes = image.imageSizeRange.heightRange, image.imageSizeRange.widthRange
            return [(*_fixed((1, channels)), *map(_bounds_of_range, sizes))]
        return [_fixed((1, channels, one.height, one.width)) for one in image.enumeratedSizes.sizes]
    array = feature.multiArrayType
    if array.WhichOneof("ShapeFlexibility") == "shapeRange":
        return [tuple(map(_bounds_of_range, array.shapeRange.sizeRanges))]
    return [_fixed(tuple(one.shape)) for one in array.enumeratedShapes.shapes]


def _fixed(shape: tuple[int, ...]) -> _Bounds:
    return tuple((extent, extent) for extent in shape)


def _bounds_of_range(size: Any) -> tuple[int, float]:
    """A negative upper bound stands for none."""
    return size.lowerBound, math.inf if size.upperBound < 0 else size.upperBound


def _lies_within(shape: tuple[int, ...], bounds: _Bounds) -> bool:
    return len(shape) == len(bounds) and all(
        least <= extent <= most for extent, (least, most) in zip(shape, bounds, strict=True)
    )


def _bounds_text(bounds: _Bounds) -> str:
    axes = (
        f"{least}" if least == most else f"{least} and more" if math.isinf(most) else f"{least}–{most}"
        for least, most in bounds
    )
    return f"[{', '.join(axes)}]"
