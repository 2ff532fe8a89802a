"""Enlarged, shrunk and sampled pictures."""

import itertools
import math

import coremltools as ct
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import BackendError
from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves

MODES = ["STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS", "UNALIGN_CORNERS"]
OUTSIDE = {"zeros": "constant", "border": "border", "reflection": "reflection"}
"""PyTorch's padding of a sampled picture -> MIL's; the last is "symmetric" where corners are not aligned"""


@st.composite
def pictures(draw, batch=2):
    extents = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    return draw(generators).standard_normal((batch, 2, *extents), np.float32)


sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


def documented_places(mode: str, extent: int, wanted: int) -> list[float]:
    """Where the new elements are, by the formulas in coremltools' documentation of `resize_bilinear`."""
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        if wanted == 1:
            return [(extent - 1) / 2 if mode == "ALIGN_CORNERS" else 0]
        places = [i * (extent - 1) / (wanted - 1) for i in range(wanted)]
    elif mode == "DEFAULT":
        spacing = (extent - extent / wanted) / (wanted - 1) if wanted > 1 else 0
        places = [i * spacing for i in range(wanted)]
    elif mode == "OFFSET_CORNERS":
        delta = max(1, extent - 1) / wanted
        places = [0.5 * delta + i * delta for i in range(wanted)]
    else:
        spacing = extent / wanted
        places = [i * spacing + 0.5 * spacing - 0.5 for i in range(wanted)]
    return [min(extent - 1, max(0, place)) for place in places]


def interpolated(x: np.ndarray, mode: str, size: tuple[int, int]) -> np.ndarray:
    """Element by element."""
    result = np.zeros((*x.shape[:-2], *size))
    rows, columns = (documented_places(mode, *pair) for pair in zip(x.shape[-2:], size, strict=True))
    for (i, row), (j, column) in itertools.product(enumerate(rows), enumerate(columns)):
        for y, along_y in ((math.floor(row), 1 - row % 1), (math.ceil(row), row % 1)):
            for z, along_z in ((math.floor(column), 1 - column % 1), (math.ceil(column), column % 1)):
                result[..., i, j] += along_y * along_z * x[..., y, z]
    return result


@proves("resize_bilinear")
@pytest.mark.parametrize("mode", MODES)
@given(pictures(), sizes)
def test_a_bilinear_resize_samples_where_apple_documents(kind, mode, x, size):
    actual = evaluate(
        kind, {"x": x}, target_size_height=size[0], target_size_width=size[1], sampling_mode=mode, opset=ct.target.iOS16
    )
    assert_agrees(actual, interpolated(x, mode, size))


@proves("resize")
@pytest.mark.parametrize("mode", MODES)
@given(pictures(), sizes)
def test_a_linear_resize_samples_as_a_bilinear_one(kind, mode, x, size):
    """0 keeps an extent; what stands before the resized axes is not read."""
    shape = np.int32([5, 0, size[1]])
    actual = evaluate(
        kind, {"x": x}, shape=shape, resized_dims=np.uint32(2), interpolation_mode="LINEAR", sampling_mode=mode
    )
    assert_agrees(actual, interpolated(x, mode, (x.shape[2], size[1])))


@proves("resize_bilinear")
@pytest.mark.parametrize(("aligned", "mode"), [(True, "STRICT_ALIGN_CORNERS"), (False, "UNALIGN_CORNERS")])
@given(pictures(), sizes)
def test_two_of_the_sampling_modes_are_pytorch_s(kind, aligned, mode, x, size):
    actual = evaluate(kind, {"x": x}, target_size_height=size[0], target_size_width=size[1], sampling_mode=mode)
    assert_agrees(actual, F.interpolate(torch.from_numpy(x), size, mode="bilinear", align_corners=aligned))


@proves("upsample_bilinear")
@pytest.mark.parametrize("aligned", [True, False])
@given(pictures(), st.floats(1, 3, width=32), st.floats(1, 3, width=32))
def test_a_bilinear_scale_is_recomputed_from_the_size_that_it_makes(kind, aligned, x, height, width):
    actual = evaluate(
        kind,
        {"x": x},
        scale_factor_height=np.float32(height),
        scale_factor_width=np.float32(width),
        align_corners=aligned,
    )
    size = [int(np.floor(np.float32(x.shape[2]) * np.float32(height)))]
    size += [int(np.floor(np.float32(x.shape[3]) * np.float32(width)))]
    assert_agrees(actual, F.interpolate(torch.from_numpy(x), size, mode="bilinear", align_corners=aligned))


@proves("upsample_bilinear")
@given(pictures(), st.integers(1, 3), st.integers(1, 3))
def test_without_half_pixels_or_aligned_corners_a_scale_samples_from_the_first_pixel(kind, x, height, width):
    scales = {"scale_factor_height": height, "scale_factor_width": width}
    actual = evaluate(kind, {"x": x}, **scales, align_corners=False, half_pixel_centers=False)
    assert_agrees(actual, interpolated(x, "DEFAULT", (x.shape[2] * height, x.shape[3] * width)))


@proves("upsample_nearest_neighbor")
@given(pictures(), sizes)
def test_a_nearest_scale_is_pytorch_s_nearest(kind, x, size):
    """Scales as coremltools makes them of a size: a little more where they are no whole numbers."""
    height, width = (
        np.float32(wanted / extent if wanted % extent == 0 else (wanted + 1e-4) / extent)
        for wanted, extent in zip(size, x.shape[2:], strict=True)
    )
    actual = evaluate(kind, {"x": x}, scale_factor_height=height, scale_factor_width=width)
    assert_agrees(actual, F.interpolate(torch.from_numpy(x), size, mode="nearest"))


def nearest_size(kind: str, height: int, width: int) -> dict[str, object]:
    if kind == "resize":
        shape = np.int32([height, width])
        return {"shape": shape, "resized_dims": np.uint32(2), "interpolation_mode": "NEAREST_NEIGHBOR"}
    return {"target_size_height": height, "target_size_width": width}


@proves("resize", "resize_nearest_neighbor")
@given(pictures(), st.integers(1, 3), st.integers(1, 3))
def test_a_nearest_resize_to_a_multiple_repeats_elements(kind, x, height, width):
    actual = evaluate(kind, {"x": x}, **nearest_size(kind, x.shape[2] * height, x.shape[3] * width))
    assert_agrees(actual, x.repeat(height, axis=2).repeat(width, axis=3))


def pixel(values: np.ndarray, row: int, column: int, outside: str, value: float) -> float:
    """One element of a picture that goes on beyond its edges."""
    places = []
    for place, extent in ((row, values.shape[0]), (column, values.shape[1])):
        if outside == "constant" and not 0 <= place < extent:
            return value
        if outside == "border" or extent == 1:
            place = min(max(place, 0), extent - 1)
        while not 0 <= place < extent:  # mirrored at the last element, or at its far edge
            edge = 0 if outside == "reflection" else 1
            place = -place - edge if place < 0 else 2 * (extent - 1) - place + edge
        places.append(place)
    return float(values[places[0], places[1]])


def sampled(x: np.ndarray, places: np.ndarray, sampling: str, outside: str, value: float = 0.0) -> np.ndarray:
    """Element by element at `places` [B, h, w, 2] of (x, y) in pixels."""
    batch, channels = x.shape[:2]
    result = np.zeros((batch, channels, *places.shape[1:3]))
    for b, c, i, j in np.ndindex(result.shape):
        column, row = map(float, places[b, i, j])
        if sampling == "nearest":
            result[b, c, i, j] = pixel(x[b, c], round(row), round(column), outside, value)
            continue
        for y, z in itertools.product(
            (math.floor(row), math.floor(row) + 1), (math.floor(column), math.floor(column) + 1)
        ):
            share = (1 - abs(row - y)) * (1 - abs(column - z))
            result[b, c, i, j] += share * pixel(x[b, c], y, z, outside, value)
    return result


@proves("resample")
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("outside", OUTSIDE)
@pytest.mark.parametrize("sampling", ["bilinear", "nearest"])
@given(pictures(), sizes, generators)
def test_sampling_is_pytorch_s_grid_sample(kind, sampling, outside, aligned, x, size, rng):
    grid = rng.uniform(-1.6, 1.6, (len(x), *size, 2)).astype(np.float32)
    actual = evaluate(
        kind,
        {"x": x, "coordinates": grid},
        sampling_mode=sampling,
        padding_mode="symmetric" if outside == "reflection" and not aligned else OUTSIDE[outside],
        padding_value=0.0,
        coordinates_mode="normalized_minus_one_to_one",
        align_corners=aligned,
    )
    expected = F.grid_sample(torch.from_numpy(x), torch.from_numpy(grid), sampling, outside, aligned)
    assert_agrees(actual, expected)


@proves("resample")
@pytest.mark.parametrize("outside", ["constant", "border", "reflection", "symmetric"])
@pytest.mark.parametrize("sampling", ["bilinear", "nearest"])
@given(pictures(batch=1), generators, st.booleans())
def test_places_may_be_in_pixels(kind, sampling, outside, x, rng, aligned):
    last = np.array([x.shape[3] - 1, x.shape[2] - 1])
    places = rng.uniform(-2, last + 2, (1, 3, 4, 2)).astype(np.float32)
    actual = evaluate(
        kind,
        {"x": x, "coordinates": places},
        sampling_mode=sampling,
        padding_mode=outside,
        padding_value=0.0,
        coordinates_mode="unnormalized",
        align_corners=aligned,
    )
    assert_agrees(actual, sampled(x, places, sampling, outside), tolerance=1e-4)


@proves("resample")
@pytest.mark.parametrize("aligned", [True, False])
@given(pictures(batch=1), generators)
def test_places_may_be_shares_of_the_picture(kind, aligned, x, rng):
    shares = rng.uniform(-0.2, 1.2, (1, 3, 4, 2)).astype(np.float32)
    extents = np.array([x.shape[3], x.shape[2]])
    places = shares * (extents - 1) if aligned else shares * extents - 0.5
    actual = evaluate(
        kind,
        {"x": x, "coordinates": shares},
        sampling_mode="bilinear",
        padding_mode="border",
        padding_value=0.0,
        coordinates_mode="normalized_zero_to_one",
        align_corners=aligned,
    )
    assert_agrees(actual, sampled(x, places, "bilinear", "border"), tolerance=1e-4)


@proves("resample")
@given(pictures(batch=1), generators, st.floats(-2, 2, width=16))
def test_another_value_than_zero_may_surround_a_picture(kind, x, rng, value):
    places = rng.uniform(-2, 8, (1, 3, 4, 2)).astype(np.float32)
    actual = evaluate(
        kind,
        {"x": x, "coordinates": places},
        sampling_mode="bilinear",
        padding_mode="constant",
        padding_value=np.float32(value),
        coordinates_mode="unnormalized",
        align_corners=True,
    )
    assert_agrees(actual, sampled(x, places, "bilinear", "constant", value), tolerance=1e-4)


@pytest.mark.parametrize(("outside", "aligned"), [("reflection", False), ("symmetric", True)])
def test_reflections_that_pytorch_does_not_know_are_refused(outside, aligned):
    with pytest.raises(BackendError, match=f"{outside} with align_corners {aligned}"):
        evaluate(
            "resample",
            {"x": np.ones((1, 1, 3, 3), np.float32), "coordinates": np.zeros((1, 1, 1, 2), np.float32)},
            sampling_mode="bilinear",
            padding_mode=outside,
            padding_value=0.0,
            coordinates_mode="normalized_minus_one_to_one",
            align_corners=aligned,
        )


@pytest.mark.parametrize("kind", ["resize", "resize_nearest_neighbor"])
def test_a_nearest_resize_whose_elements_depend_on_the_convention_is_refused(kind):
    with pytest.raises(BackendError, match="nearest elements of 4 in 2"):
        evaluate(kind, {"x": np.ones((1, 1, 4, 4), np.float32)}, **nearest_size(kind, 2, 2))


def test_a_nearest_scale_that_leaves_a_fraction_is_refused():
    with pytest.raises(BackendError, match="a fraction of an element"):
        evaluate(
            "upsample_nearest_neighbor",
            {"x": np.ones((1, 1, 5, 5), np.float32)},
            scale_factor_height=np.float32(1.5),
            scale_factor_width=np.float32(1.5),
        )


def test_a_nearest_resize_in_another_sampling_mode_is_refused():
    attributes = nearest_size("resize", 6, 6)
    with pytest.raises(BackendError, match="NEAREST_NEIGHBOR with sampling_mode ALIGN_CORNERS"):
        evaluate("resize", {"x": np.ones((1, 1, 3, 3), np.float32)}, **attributes, sampling_mode="ALIGN_CORNERS")


def test_interpolated_integers_are_refused():
    x = np.ones((1, 1, 3, 3), np.int32)
    with pytest.raises(BackendError, match="integers"):
        evaluate("resize", {"x": x}, shape=np.int32([6, 6]), resized_dims=np.uint32(2))


def test_aligned_corners_with_half_pixels_are_refused():
    scales = {"scale_factor_height": 2, "scale_factor_width": 2}
    with pytest.raises(BackendError, match="half_pixel_centers"):
        evaluate(
            "upsample_bilinear",
            {"x": np.ones((1, 1, 3, 3), np.float32)},
            **scales,
            align_corners=True,
            half_pixel_centers=True,
        )
