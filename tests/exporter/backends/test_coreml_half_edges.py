"""What a Core ML package of half precision takes and gives is of half precision, and nothing else of it is changed."""

import hashlib
from collections import Counter
from collections.abc import Iterator

import coremltools as ct
import numpy as np
import pytest
import torch

from exporter import mil
from exporter.backends import coreml
from exporter.backends.interface import LowerOptions
from exporter.errors import BackendError

GRAPHS = ("encode_image", "prompt_points", "prompt_mask", "track_first", "track_step")


@pytest.fixture(scope="module")
def half(lowered_tracker):
    """A tracker's graphs, as they are exported."""
    return {name: lowered_tracker("coreml", name, "fp16") for name in GRAPHS}


@pytest.fixture(scope="module")
def programs(half):
    return {name: mil.load(made.path) for name, made in half.items()}


@pytest.fixture(scope="module")
def single(followed_tracker, tmp_path_factory):
    """The same with arrays of single precision, which the programs cast to half."""
    folder = tmp_path_factory.mktemp("single")
    for name in GRAPHS:
        path = folder / f"{name}.mlpackage"
        coreml.lower(followed_tracker.graphs[name], path, LowerOptions("fp16", edges="float32"))
    return {name: mil.load(folder / f"{name}.mlpackage") for name in GRAPHS}


def meant(program: mil.Program) -> tuple[Counter[str], dict[str, str]]:
    """Operations and outputs by what is computed from what, whatever values are called and in whichever order, without
    casts of inputs and outputs."""
    inputs, outputs = ({one.name for one in side} for side in (program.inputs, program.outputs))
    values, operations = {name: name for name in inputs}, Counter[str]()

    def named(given):
        if isinstance(given, tuple):
            return tuple(map(named, given))
        if given in values:
            return values[given]
        constant = program.constants[given]
        return (constant.shape, constant.numpy().tobytes()) if isinstance(constant, torch.Tensor) else constant

    for operation in program.operations:
        result = operation.results[0]
        if operation.kind == "cast" and (operation.parameters["x"] in inputs or result.name in outputs):
            values[result.name] = values[operation.parameters["x"]]
            continue
        parameters = sorted((parameter, named(given)) for parameter, given in operation.parameters.items())
        results = [(one.type, one.shape) for one in operation.results]
        computed = hashlib.sha256(repr((operation.kind, parameters, results)).encode()).hexdigest()
        values |= {one.name: f"{computed} {place}" for place, one in enumerate(operation.results)}
        operations[computed] += 1
    return operations, {name: values[name] for name in outputs if name in values}


def casts(program: mil.Program) -> int:
    return sum(operation.kind == "cast" for operation in program.operations)


@pytest.mark.parametrize("name", GRAPHS)
def test_all_that_a_package_takes_and_gives_but_images_is_half_precision(half, followed_tracker, name):
    description = ct.utils.load_spec(str(half[name].path)).description
    arrays = [one.type for one in (*description.input, *description.output) if one.type.HasField("multiArrayType")]
    float16 = ct.proto.FeatureTypes_pb2.ArrayFeatureType.FLOAT16
    assert {one.multiArrayType.dataType for one in arrays} == {float16}
    graph = followed_tracker.graphs[name]
    specs = [spec for side in half[name].lowered.signature(graph) for spec in side]
    assert [spec.dtype for spec in specs] == [
        "image" if spec.kind == "image" else "float16" for spec in (*graph.inputs, *graph.outputs)
    ]
    assert len(arrays) == sum(spec.dtype == "float16" for spec in specs)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_casts_at_its_edges_are_gone_and_nothing_else_is(programs, single, name):
    computed = {operation.results[0].name for operation in single[name].operations}
    cast = [one for one in single[name].outputs if one.name in computed]  # others are constants
    pictures = [one for one in programs[name].inputs if one.colour]
    assert casts(single[name]) - casts(programs[name]) == len(single[name].inputs) - len(pictures) + len(cast)
    reads = {value for operation in programs[name].operations if operation.kind == "cast" for value in operation.reads}
    assert reads & {one.name for one in programs[name].inputs} == {one.name for one in pictures}
    assert not any(one.type == "fp32" for operation in programs[name].operations for one in operation.results)
    assert meant(programs[name]) == meant(single[name])


def followed(programs, frames, points, labels) -> Iterator[dict[str, np.ndarray]]:
    """What an app gets that hands on what it was given: an object is prompted, then followed."""

    def run(name, given):
        return mil.run(programs[name], {one.name: given[one.name] for one in programs[name].inputs})

    found = {"points": points, "labels": labels}
    for name, frame in zip(("prompt_points", "track_first", "track_step"), frames, strict=True):
        found |= run("encode_image", {"image": frame})
        found = run(name, found)
        yield found
        found |= {one.removeprefix("next_"): value for one, value in found.items() if one.startswith("next_")}


def test_an_app_that_hands_half_precision_on_gets_the_very_numbers_of_one_that_hands_on_single(
    programs, single, followed_tracker
):
    frames = followed_tracker.vectors["encode_image"][0]["image"][[0, 1, 0]]
    given = followed_tracker.vectors["prompt_points"][0]
    points, labels = given["points"][0], given["labels"][0]
    halves = list(followed(programs, frames, points.astype(np.float16), labels.astype(np.float16)))
    singles = list(followed(single, frames, points, labels))
    for ours, before in zip(halves, singles, strict=True):
        assert ours.keys() == before.keys()
        for name, value in ours.items():
            assert (value.dtype, before[name].dtype) == (np.float16, np.float32)
            assert np.array_equal(value.astype(np.float32), before[name]), name
    assert len(np.unique(halves[-1]["mask_logits"])) > 100


@pytest.mark.parametrize("name", GRAPHS)
def test_the_runner_takes_and_gives_single_precision_and_the_numbers_are_those_of_before(
    half, single, followed_tracker, name
):
    runner = coreml.load(half[name].path)
    given = {key: values[-1] for key, values in followed_tracker.vectors[name][0].items()}
    found, before = runner(given), mil.run(single[name], given)
    assert found.keys() == before.keys()
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}
    for key, value in found.items():
        assert np.array_equal(value, before[key]), key


def test_a_package_of_another_type_than_is_declared_is_refused_by_name(half, followed_tracker):
    graph = followed_tracker.graphs["encode_image"]
    path, (inputs, outputs) = half["encode_image"].path, half["encode_image"].lowered.signature(graph)
    assert coreml.inspect(path, inputs, outputs) == "inputs and outputs match"
    with pytest.raises(BackendError, match=r"^encode_image\.mlpackage has .*features FLOAT16.*should have .*FLOAT32"):
        coreml.inspect(path, inputs, graph.outputs)
    with pytest.raises(BackendError, match=r"^encode_image\.mlpackage has .*image RGB.*should have .*image FLOAT16"):
        coreml.inspect(path, [inputs[0].model_copy(update={"dtype": "float16"})], outputs)
