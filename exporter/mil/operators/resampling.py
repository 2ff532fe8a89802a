"""Enlarging, shrinking and sampling pictures, whose rows and columns are the last two axes."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_FRACTION = 1e-3
"""Of an element. Less than this beyond a whole number are rounding errors, as coremltools takes them"""


def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    """The scales say how large the result is, and no more: which are its places follows from the sizes."""
    match align_corners, not align_corners if half_pixel_centers is None else half_pixel_centers:
        case True, False:
            mode = "STRICT_ALIGN_CORNERS"
        case False, True:
            mode = "UNALIGN_CORNERS"
        case False, False:
            mode = "DEFAULT"
        case _:
            raise NotImplementedError("align_corners with half_pixel_centers")
    return _resized(x, [math.floor(extent) for extent in _scaled(x, scale_factor_height, scale_factor_width)], mode)


def upsample_nearest_neighbor(x: Tensor, scale_factor_height: float = 1, scale_factor_width: float = 1) -> Tensor:
    """A new element is the one that its near edge falls on, as PyTorch's "nearest"."""
    size = _scaled(x, scale_factor_height, scale_factor_width)
    if any(extent - math.floor(extent) > _FRACTION for extent in size):
        # Core ML's documents do not say whether scales or sizes place the elements then.
        raise NotImplementedError("a scale that leaves a fraction of an element")
    for axis, extent in enumerate(map(math.floor, size), -2):
        x = x.index_select(axis, torch.arange(extent) * x.shape[axis] // extent)
    return x


def resize_bilinear(
    x: Tensor, target_size_height: int = 1, target_size_width: int = 1, sampling_mode: str = "DEFAULT"
) -> Tensor:
    return _resized(x, [target_size_height, target_size_width], sampling_mode)


def resize_nearest_neighbor(x: Tensor, target_size_height: int, target_size_width: int) -> Tensor:
    return _nearest(x, [target_size_height, target_size_width])


def resample(
    x: Tensor,
    coordinates: Tensor,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    """x [B, C, H, W] at `coordinates` [B, h, w, 2] of (x, y) -> [B, C, h, w]."""
    grid = coordinates.float()
    match coordinates_mode:
        case "unnormalized":
            # `align_corners` has no say in places that are counted in pixels.
            align_corners = padding_mode == "reflection"
            extents = torch.tensor([x.shape[3], x.shape[2]], dtype=torch.float32)
            grid = 2 * grid / (extents - 1).clamp(min=1) - 1 if align_corners else (2 * grid + 1) / extents - 1
        case "normalized_zero_to_one":
            grid = 2 * grid - 1
    # PyTorch reflects about the centres of the outermost pixels with aligned corners, about their edges without.
    outside = {"constant": "zeros", "border": "border", "reflection" if align_corners else "symmetric": "reflection"}
    if padding_mode not in outside:
        raise NotImplementedError(f"padding_mode {padding_mode} with align_corners {align_corners}")
    if padding_mode == "constant" and padding_value:
        x = x - padding_value
        return F.grid_sample(x, grid, sampling_mode, "zeros", align_corners) + padding_value
    return F.grid_sample(x, grid, sampling_mode, outside[padding_mode], align_corners)


def resize(
    x: Tensor,
    shape: list[int],
    resized_dims: int,
    interpolation_mode: str = "LINEAR",
    sampling_mode: str = "DEFAULT",
) -> Tensor:
    """The last `resized_dims` axes become the last of `shape`, in which 0 keeps an extent."""
    kept = [extent or x.shape[axis] for axis, extent in enumerate(shape[-resized_dims:], -resized_dims)]
    if interpolation_mode == "LINEAR":
        if not x.is_floating_point():
            raise NotImplementedError("interpolated integers")
        return _resized(x, kept, sampling_mode)
    if sampling_mode != "DEFAULT":
        raise NotImplementedError(f"{interpolation_mode} with sampling_mode {sampling_mode}")
    return _nearest(x, kept)


def _scaled(x: Tensor, height: float, width: float) -> list[float]:
    """Rows and columns before they are rounded; in float32, as coremltools declares them."""
    return (torch.tensor(x.shape[-2:]) * torch.tensor([height, width], dtype=torch.float32)).tolist()


def _resized(x: Tensor, size: list[int], mode: str) -> Tensor:
    """Linear interpolation along one of the last axes after another."""
    for axis, extent in enumerate(size, -len(size)):
        places = _places(x.shape[axis], extent, mode)
        before = places.floor().long()
        after = (before + 1).clamp(max=x.shape[axis] - 1)
        weight = (places - before).float().reshape(-1, *[1] * (-1 - axis))
        low, high = x.index_select(axis, before), x.index_select(axis, after)
        x = low + weight * (high - low)
    return x


def _places(extent: int, wanted: int, mode: str) -> Tensor:
    """Where, among `extent` elements, the `wanted` new ones are; float64."""
    steps = torch.arange(wanted, dtype=torch.float64)
    match mode:
        case "STRICT_ALIGN_CORNERS" | "ALIGN_CORNERS":
            places = steps * ((extent - 1) / max(wanted - 1, 1))
            if mode == "ALIGN_CORNERS" and wanted == 1:
                places = places + (extent - 1) / 2
        case "UNALIGN_CORNERS":
            places = (steps + 0.5) * (extent / wanted) - 0.5
        case "OFFSET_CORNERS":
            places = (steps + 0.5) * (max(1, extent - 1) / wanted)
        case _:
            places = steps * (extent / wanted)
    return places.clamp(0, extent - 1)


def _nearest(x: Tensor, size: list[int]) -> Tensor:
    """The element that a new one falls on: with its centre or with its near edge, Core ML's documents do not say."""
    for axis, extent in enumerate(size, -len(size)):
        edges = torch.arange(extent) * x.shape[axis] // extent
        centres = (2 * torch.arange(extent) + 1) * x.shape[axis] // (2 * extent)
        if not edges.equal(centres):
            raise NotImplementedError(f"nearest elements of {x.shape[axis]} in {extent}")
        x = x.index_select(axis, edges)
    return x


OPERATORS = {
    function.__name__: function
    for function in (
        resample,
        resize,
        resize_bilinear,
        resize_nearest_neighbor,
        upsample_bilinear,
        upsample_nearest_neighbor,
    )
}
