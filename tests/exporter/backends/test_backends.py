"""Every family in every format that needs no asking for: lowered, loaded from disk, run, compared."""

from dataclasses import replace

import numpy as np
import pytest

from exporter.backends import FORMATS, all_formats, backend, installed, toolchain_versions
from exporter.backends.interface import LowerOptions
from exporter.errors import BackendError, InputShapeError
from exporter.rewrites.catalogue import PASSES
from exporter.verify.tolerances import TOLERANCES
from tests.models import SMALLEST


@pytest.mark.parametrize("family", SMALLEST)
@pytest.mark.parametrize("format", all_formats())
def test_a_runner_agrees_with_pytorch(bundles, family, format):
    """On the first picture and the last; the export verified all of them."""
    bundle = bundles[family]
    given, expected = ({name: values[[0, -1]] for name, values in side.items()} for side in bundle.vectors("classify"))
    runner = bundle.runner(format, "classify", threads=2)
    tolerance = TOLERANCES[bundle.artifact(format, "classify").precision].outputs.relative
    for image, logits in zip(given["image"], expected["logits"], strict=True):
        assert np.abs(runner({"image": image})["logits"] - logits).max() <= tolerance * np.abs(logits).max()


@pytest.mark.parametrize("format", all_formats())
def test_what_a_runner_returned_survives_its_next_call(bundles, format):
    bundle = bundles["mobilevit"]
    images = bundle.vectors("classify")[0]["image"]
    runner = bundle.runner(format, "classify")
    first = runner({"image": images[0]})["logits"]
    kept = first.copy()
    assert not np.array_equal(runner({"image": images[1]})["logits"], kept)
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("format", all_formats())
def test_a_runner_takes_pixels_as_bytes_too(bundles, format):
    bundle = bundles["mobilevit"]
    image = bundle.vectors("classify")[0]["image"][0]
    runner = bundle.runner(format, "classify")
    assert np.array_equal(runner({"image": image.astype(np.uint8)})["logits"], runner({"image": image})["logits"])


@pytest.mark.parametrize("inputs", [{"picture": (1, 3, 64, 64)}, {"image": (1, 3, 65, 64)}, {"image": (3, 64, 64)}, {}])
def test_inputs_that_the_graph_does_not_take_are_refused_in_words(bundles, inputs):
    runner = bundles["mobilevit"].runner("tflite", "classify")
    with pytest.raises(InputShapeError, match=r"takes \{'image': \(1, 3, 64, 64\)\}"):
        runner({name: np.zeros(shape, np.float32) for name, shape in inputs.items()})


@pytest.mark.parametrize("format", all_formats())
def test_the_census_counts_operators_and_no_weights(bundles, format):
    operators = bundles["efficientformer"].artifact(format, "classify").operators
    assert operators
    assert "const" not in operators


@pytest.mark.parametrize("format", all_formats())
@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("inputs", {"name": "picture"}),
        ("outputs", {"shape": (1, 7)}),
        ("inputs", {"dtype": "float16"}),
        ("outputs", {"dtype": "image"}),
    ],
    ids=["another name", "another shape", "another type in", "another type out"],
)
def test_a_file_of_other_inputs_or_outputs_than_the_graphs_is_refused(bundles, format, side, change):
    bundle = bundles["mobilevit"]
    artifact = bundle.artifact(format, "classify")
    sides = {"inputs": artifact.inputs, "outputs": artifact.outputs}
    path, inspect = bundle.path / artifact.file, backend(format).inspect
    assert "inputs and outputs match" in inspect(path, **sides)
    (one,) = sides[side]
    with pytest.raises(BackendError, match=f"^{path.name} has inputs and outputs image .*, logits .*, and should have"):
        inspect(path, **sides | {side: (one.model_copy(update=change),)})


def test_an_unknown_format_names_the_closest():
    with pytest.raises(BackendError, match=r"'tflit'.*closest are tflite"):
        backend("tflit")


def test_a_missing_toolchain_says_what_to_install():
    format = replace(backend("coreml"), toolchain=("torch", "no-such-toolchain"))
    assert not installed(format)
    with pytest.raises(BackendError, match=r"needs no-such-toolchain.*pip install 'vitexport\[coreml\]'"):
        toolchain_versions(format)


def test_onnx_files_declare_the_opset_that_was_asked_for(bundles):
    import onnx

    from exporter.backends.onnx import OPSET

    bundle = bundles["mobilevit"]
    model = onnx.load(bundle.path / bundle.artifact("onnx", "classify").file)
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain: opset.version for opset in model.opset_import}[""] == OPSET == 20


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_which_passes_its_programs_go_through(name):
    format = backend(name)
    for delegate in format.delegates or (None,):
        own = format.passes(LowerOptions(format.precisions[0], delegate=delegate))
        assert own == format.rewrites[delegate]
        assert set(own) <= set(PASSES)
    assert format.passes(LowerOptions(format.precisions[0])) == format.rewrites[format.default_delegate]
    assert format.passes(LowerOptions(format.precisions[0], rewrites=())) == ()


def test_only_a_format_with_delegates_has_a_default_one():
    assert {name: backend(name).default_delegate for name in FORMATS} == dict.fromkeys(FORMATS) | {
        "executorch": "xnnpack"
    }


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_made_with_fixed_ranges_has_a_precision_without_them_for_graphs_that_they_do_not_suit(name):
    format = backend(name)
    fixed = {precision for precision, scheme in format.schemes.items() if scheme.calibrated}
    assert set(format.without_ranges) == fixed
    assert not any(format.schemes[other].calibrated for other in format.without_ranges.values())
    assert set(format.schemes) <= set(format.precisions) - {format.full_precision}
