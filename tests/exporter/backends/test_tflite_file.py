"""A .tflite file as it is written: the same model in fewer bytes, with names that a reader finds modules by."""

import numpy as np
import pytest

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.backends.tflite_file import compact, module_path, read
from tests.small_network import network, pictures

TFLITE = backend("tflite")


@pytest.fixture(scope="module", params=["fp32", "int8"])
def path(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "classify.tflite"
    TFLITE.lower(network(), path, LowerOptions(request.param, calibration=pictures(0)))
    return path


def test_a_compact_file_stays_as_it_is(path):
    assert compact(path.read_bytes()) == path.read_bytes()


def test_nothing_is_written_twice(path):
    model = read(path.read_bytes())
    (graph,) = model.subgraphs
    told = [tensor.quantization for tensor in graph.tensors if tensor.quantization is not None]
    arrays = [one for each in told for one in (each.scale, each.zeroPoint) if one is not None]
    arrays += [one.data for one in model.buffers if one.data is not None and len(one.data)]
    places = {(one.tobytes(), one.dtype): set() for one in arrays}
    for one in arrays:
        places[one.tobytes(), one.dtype].add(one.ctypes.data)
    assert all(len(one) == 1 for one in places.values())
    quantised = any(one.zeroPoint is not None for one in told)
    assert (len(places) < len(arrays)) == quantised


def test_data_of_tensors_begins_where_kernels_read_fastest(path):
    file = path.read_bytes()
    for buffer in read(file).buffers:
        if buffer.data is not None and len(buffer.data):
            assert (np.frombuffer(file, np.uint8).ctypes.data - buffer.data.ctypes.data) % 16 == 0


def test_names_are_unique_and_those_of_modules(path):
    (graph,) = read(path.read_bytes()).subgraphs
    names = [tensor.name.decode() for tensor in graph.tensors]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) < 100
    modules = {one.module for one in TFLITE.operations(path)}
    assert {"stem", "first", "depthwise", "second"} <= modules
    assert not any("quant" in module for module in modules)


def test_weights_are_known_to_be_constant(path):
    """Those in integers, too, which the quantiser writes behind the model."""
    products = [one for one in TFLITE.operations(path) if one.kind == "CONV_2D"]
    assert len(products) == 3
    assert all(one.inputs[1].constant is not None for one in products)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("a.Classify/b.MobileViT_model/b.ConvNorm_stem/torch.nn.Conv2d_conv;torch.x;1", "model.stem.conv"),
        ("model.stem.conv;2", "model.stem.conv"),
        ("serving_default_args_0:0", "serving_default_args_0:0"),
        ("model/conv/Relu", "model/conv/Relu"),
        ("torch.export._trace.<locals>._strict.<locals>.Wrapper;1", "Wrapper"),
    ],
)
def test_a_module_is_found_by_a_name(name, module):
    assert module_path(name) == module
