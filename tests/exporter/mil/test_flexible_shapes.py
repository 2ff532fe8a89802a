"""Inputs that may have one of several shapes, or any within a range."""

import coremltools as ct
import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import get_new_symbol

from exporter import mil
from exporter.errors import InputShapeError

ENUMERATED = ct.EnumeratedShapes([(1, 3, 2, 2), (1, 3, 4, 5)], default=(1, 3, 4, 5))
RANGE = ct.Shape((1, 3, ct.RangeDim(2, 8, default=4), ct.RangeDim(2, 8, default=5)))


@pytest.fixture(params=[ct.TensorType, ct.ImageType])
def flexible(saved, request):
    """From a flexible shape to a package that returns the mean of each channel."""

    @mb.program(input_specs=[mb.TensorSpec((1, 3, get_new_symbol(), get_new_symbol()))], opset_version=ct.target.iOS16)
    def program(x):
        return mb.reduce_mean(x=x, axes=[2, 3], name="y")

    return lambda shape: saved(program, inputs=[request.param(name="x", shape=shape)])


@pytest.mark.parametrize("shape", [ENUMERATED, RANGE])
def test_inputs_of_flexible_shape_have_the_default_one(flexible, shape):
    program = mil.load(flexible(shape))
    assert [(one.name, one.shape) for one in program.inputs] == [("x", (1, 3, 4, 5))]
    assert mil.run(program, {"x": np.full((1, 3, 4, 5), 2, np.float32)})["y"].flatten().tolist() == [2, 2, 2]
    with pytest.raises(InputShapeError, match=r"takes \{'x': \(1, 3, 4, 5\)\}, not \{'x': \(1, 3, 2, 2\)\}"):
        mil.run(program, {"x": np.ones((1, 3, 2, 2), np.float32)})


@pytest.mark.parametrize(("shape", "wanted"), [(ENUMERATED, (1, 3, 2, 2)), (RANGE, (1, 3, 2, 8))])
def test_another_shape_can_be_chosen(flexible, shape, wanted):
    program = mil.load(flexible(shape), shapes={"x": wanted})
    assert program.inputs[0].shape == wanted
    assert mil.run(program, {"x": np.full(wanted, 2, np.float32)})["y"].flatten().tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("shape", "wanted", "allowed"),
    [
        (ENUMERATED, (1, 3, 4, 4), r"\[1, 3, (4, 5|2, 2)\] or \[1, 3, (4, 5|2, 2)\]"),
        (RANGE, (1, 3, 2, 9), r"\[1, 3, 2–8, 2–8\]"),
        (RANGE, (3, 2, 2), r"\[1, 3, 2–8, 2–8\]"),
    ],
)
def test_a_shape_that_the_package_does_not_allow_is_refused_with_those_that_it_does(flexible, shape, wanted, allowed):
    with pytest.raises(InputShapeError, match=rf"^saved.mlpackage takes 'x' of the shape {allowed}, not \["):
        mil.load(flexible(shape), shapes={"x": wanted})


def test_a_range_may_have_no_end(flexible, saved):
    def endless(model):
        (described,) = model.description.input
        image, array = described.type.imageType.imageSizeRange, described.type.multiArrayType.shapeRange
        is_image = described.type.WhichOneof("Type") == "imageType"
        for size in (image.heightRange, image.widthRange) if is_image else array.sizeRanges[2:]:
            size.upperBound = -1

    path = saved.edited(flexible(RANGE), endless)
    assert mil.load(path, shapes={"x": (1, 3, 2, 99)}).inputs[0].shape == (1, 3, 2, 99)
    with pytest.raises(InputShapeError, match=r"\[1, 3, 2 and more, 2 and more\], not \[1, 3, 1, 2\]"):
        mil.load(path, shapes={"x": (1, 3, 1, 2)})
