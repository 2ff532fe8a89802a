"""Fewer bits in each format's own way: real files of a small network, run from disk."""

import re
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.errors import BackendError
from exporter.graphs.capture import capture
from exporter.quantise.observed import Range, percentile
from exporter.quantise.scheme import Integers, Scheme
from tests.small_network import IMAGE, LOGITS, network, pictures

MADE = [
    ("tflite", "int8", 0.4),
    ("tflite", "int8-weights", 0.4),
    ("tflite", "int8-dynamic", 0.4),
    ("onnx", "int8", 0.4),
    ("onnx", "int8-weights", 0.4),
    ("onnx", "int8-dynamic", 0.4),
    ("executorch", "int8", 0.4),
    ("executorch", "int8-dynamic", 0.65),
]
"""Formats, precisions, and what the file may have of full precision's bytes. Of ExecuTorch's dynamic one the linear
layer alone is quantised."""


@pytest.fixture(scope="module")
def graph():
    return network()


@pytest.fixture(scope="module")
def full(graph, tmp_path_factory):
    """Format -> its file in full precision."""
    folder, made = tmp_path_factory.mktemp("full"), {}

    def of(format):
        if format not in made:
            made[format] = folder / f"full.{backend(format).extension}"
            backend(format).lower(graph, made[format], LowerOptions("fp32"))
        return made[format]

    return of


def sqnr(graph, format, path):
    runner, signal, noise = backend(format).load(path), 0.0, 0.0
    for given in pictures(1, 4):
        with torch.no_grad():
            expected = graph.module(torch.from_numpy(given["image"]))["logits"].numpy()
        signal += np.square(expected).sum()
        noise += np.square(runner(given)["logits"] - expected).sum()
    return 10 * np.log10(signal / noise)


@pytest.mark.parametrize(("format", "precision", "share"), MADE)
def test_a_file_of_fewer_bits_is_smaller_and_says_nearly_what_pytorch_says(
    graph, full, format, precision, share, tmp_path
):
    path = tmp_path / f"few.{backend(format).extension}"
    options = LowerOptions(precision, calibration=pictures(0), full=full(format))
    lowered = backend(format).lower(graph, path, options)
    assert path.stat().st_size <= share * full(format).stat().st_size
    assert sqnr(graph, format, path) > 25
    backend(format).inspect(path, graph.inputs, graph.outputs)
    assert re.match(r"[1-9]\d* of \d+ operators have integers: \d+ ", lowered.quantised)


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_without_a_file_in_full_precision_the_same_one_is_made(graph, full, format, tmp_path):
    sizes = set()
    for given in (None, full(format)):
        path = tmp_path / f"{given is None}.{backend(format).extension}"
        backend(format).lower(graph, path, LowerOptions("int8", calibration=pictures(0), full=given))
        sizes.add(sqnr(graph, format, path))
    assert len(sizes) == 1


KINDS = {"tflite": "CONV_2D", "onnx": "Conv", "executorch": "conv2d.default"}
NAMES = {"tflite": "first", "onnx": "conv2d_1", "executorch": "first"}


@pytest.mark.parametrize("format", KINDS)
def test_ranges_are_read_off_by_the_schemes_reading(graph, full, format, tmp_path):
    """One that is far too wide leaves few of the steps: the noise grows by that."""

    def wide(observed):
        return Range(8 * min(observed.low, 0), 8 * max(observed.high, 0))

    ratios = []
    for reading in (Scheme().reading, wide):
        path = tmp_path / f"{len(ratios)}.{backend(format).extension}"
        scheme = Scheme((KINDS[format],), activations="static", reading=reading)
        options = LowerOptions("int8", scheme=scheme, calibration=pictures(0), full=full(format))
        backend(format).lower(graph, path, options)
        ratios.append(sqnr(graph, format, path))
    assert ratios[0] - ratios[1] > 8


@pytest.mark.parametrize("format", KINDS)
def test_what_is_kept_stays_as_it_is(graph, full, format, tmp_path):
    words = []
    for kept in ((), (NAMES[format],)):
        path = tmp_path / f"few.{backend(format).extension}"
        scheme = Scheme((KINDS[format],), activations="static", kept=kept)
        options = LowerOptions("int8", scheme=scheme, calibration=pictures(0), full=full(format))
        words.append(int(backend(format).lower(graph, path, options).quantised.split()[0]))
    assert words[1] < words[0]


@pytest.mark.parametrize("format", KINDS)
@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        (Scheme(("NO_SUCH",), activations="static"), "has none of the operators NO_SUCH, so nothing is quantised"),
        (Scheme(kept=("no_such_layer",), activations="static"), "no operator whose name has 'no_such_layer'"),
        (Scheme(weights="palette", bits=4), "take int8"),
        (Scheme(activations="static", integers=Integers(activation_bits=4)), "has no activations of 4 bits"),
    ],
    ids=["operators", "names", "palettes", "activations"],
)
def test_a_scheme_without_effect_or_that_a_format_has_not_is_refused(graph, full, format, scheme, message, tmp_path):
    path = tmp_path / f"few.{backend(format).extension}"
    options = LowerOptions("int8", scheme=scheme, calibration=pictures(0), full=full(format))
    with pytest.raises(BackendError, match=message):
        backend(format).lower(graph, path, options)
    assert not path.exists()


@pytest.mark.parametrize(("kept", "weights"), [((), "int8"), (("logits",), "float32")], ids=["usual", "kept"])
def test_a_last_product_gives_whole_results_and_has_integer_weights_unless_it_is_kept(
    graph, full, kept, weights, tmp_path
):
    path, format = tmp_path / "few.tflite", backend("tflite")
    scheme = replace(format.schemes["int8"], kept=kept)
    options = LowerOptions("int8", scheme=scheme, calibration=pictures(0), full=full("tflite"))
    format.lower(graph, path, options)
    found = list(format.operations(path))
    (last,) = (one for one in found if one.kind == "FULLY_CONNECTED")
    stored = {one.outputs[0].name: one.inputs[0] for one in found if one.kind == "DEQUANTIZE"}
    assert last.outputs[0].dtype == "float32"
    assert not any(last.outputs[0].name in {value.name for value in one.inputs} for one in found)
    assert stored.get(last.inputs[1].name, last.inputs[1]).dtype == weights


def test_what_a_classifier_pools_before_its_last_product_stays_in_floating_point(graph, full, tmp_path):
    path, format = tmp_path / "few.tflite", backend("tflite")
    format.lower(graph, path, LowerOptions("int8", calibration=pictures(0), full=full("tflite")))
    kinds = {one.kind: one.outputs[0].dtype for one in format.operations(path)}
    assert kinds["MEAN"] == "float32"
    assert kinds["ADD"] == "float32"
    assert kinds["MUL"] == "int8"


@pytest.mark.parametrize(("kept", "weights"), [((), "INT8"), (("linear$",), "FLOAT")], ids=["usual", "kept"])
def test_what_comes_last_stays_in_floating_point_in_onnx_too(graph, full, kept, weights, tmp_path):
    path, format = tmp_path / "few.onnx", backend("onnx")
    scheme = replace(format.schemes["mixed"], kept=kept)
    format.lower(graph, path, LowerOptions("mixed", scheme=scheme, calibration=pictures(0), full=full("onnx")))
    stored = onnx.load(path).graph
    made = {name: node for node in stored.node for name in node.output}
    types = {one.name: onnx.TensorProto.DataType.Name(one.data_type) for one in stored.initializer}
    (product,) = (node for node in stored.node if node.op_type == "Gemm")
    pooled = made[product.input[0]]
    assert "QuantizeLinear" not in {node.op_type for node in stored.node if node.input[0] == product.output[0]}
    assert pooled.op_type != "DequantizeLinear"
    first = made.get(product.input[1])
    assert (types[made[first.input[0]].input[0]] if first else types[product.input[1]]) == weights


def test_a_last_product_of_executorch_finds_its_ranges_in_each_run(graph):
    from exporter.backends.executorch_quantisation import quantised

    scheme = backend("executorch").schemes["int8"]
    made = quantised(graph.program, graph.example, scheme, pictures(0))
    (found,) = (node for node in made.graph.nodes if "choose_qparams" in node.name)
    assert found.all_input_nodes[0].target is torch.ops.aten.mean.dim


class Sliced(torch.nn.Module):
    """As in attention, of a sum one part goes into a layer and another, whose range is larger, into products."""

    def __init__(self):
        super().__init__()
        self.stem, self.head = torch.nn.Conv2d(3, 32, 4, 4, bias=False), torch.nn.Linear(16, 64, bias=False)
        self.stem.weight.data[16:] *= 4
        self.last = torch.nn.Linear(64, 1000, bias=False)

    def forward(self, image):
        features = self.stem(image / 255).flatten(2).transpose(1, 2)
        small, large = F.pad(features + features, (0, 0, 1, 0)).split(16, -1)
        weights = (large @ large.transpose(1, 2)).softmax(-1)
        return {"logits": self.last((weights @ self.head(small)).mean(1))}


def test_slices_of_integers_are_integers_and_floats_in_executorch(tmp_path):
    torch.manual_seed(0)
    sliced, path = capture("classify", Sliced().eval(), (IMAGE,), (LOGITS,)), tmp_path / "few.pte"
    options = LowerOptions("int8", calibration=pictures(0))
    backend("executorch").lower(sliced, path, options)
    assert sqnr(sliced, "executorch", path) > 15


class Tokens(torch.nn.Module):
    """Of features, which have channels before places."""

    def forward(self, features):
        return features.flatten(2).transpose(1, 2)


STRENGTHS = torch.tensor([1, 1 / 10])
NORMS = {
    "layer": (STRENGTHS.repeat(8).reshape(1, 1, 4, 4), torch.nn.Sequential(Tokens(), torch.nn.LayerNorm(32))),
    "group": (
        STRENGTHS.repeat_interleave(4).repeat(4).reshape(1, 32, 1, 1),
        torch.nn.Sequential(torch.nn.GroupNorm(8, 32), Tokens()),
    ),
}
"""Of tokens, and of groups of channels, half are a tenth of the others until they are normalised"""


class Normalised(torch.nn.Module):
    """A norm among linear layers."""

    def __init__(self, norm):
        super().__init__()
        self.strength, self.norm = NORMS[norm]
        self.stem = torch.nn.Conv2d(3, 32, 8, 8)
        self.inner, self.last = torch.nn.Linear(32, 64), torch.nn.Linear(64, 1000)

    def forward(self, image):
        tokens = self.norm(self.stem(image / 255) * self.strength)
        return {"logits": self.last(F.gelu(self.inner(tokens)).mean(1))}


def normalised(norm):
    torch.manual_seed(0)
    network = Normalised(norm).eval()
    with torch.no_grad():
        network.stem.bias.zero_()
    return capture("classify", network, (IMAGE,), (LOGITS,))


@pytest.mark.parametrize("format", ["tflite", "executorch"])
@pytest.mark.parametrize("norm", NORMS)
def test_what_normalises_stays_in_floating_point(format, norm, tmp_path):
    graph, path = normalised(norm), tmp_path / "few"
    backend(format).lower(graph, path, LowerOptions("int8", calibration=pictures(0)))
    assert sqnr(graph, format, path) > 30


def test_integers_are_one_piece_for_litert_with_norms_among_them(tmp_path):
    options = LowerOptions("int8", calibration=pictures(0))
    assert backend("tflite").lower(normalised("layer"), tmp_path / "few.tflite", options).delegation.pieces == 1


class Pooling(torch.nn.Module):
    """Averages less what they are of, as EfficientFormer mixes tokens."""

    def __init__(self):
        super().__init__()
        self.stem, self.pool = torch.nn.Conv2d(3, 16, 4, 4), torch.nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.conv, self.head = torch.nn.Conv2d(16, 32, 1), torch.nn.Linear(32, 1000)

    def forward(self, image):
        features = self.stem(image / 255)
        mixed = features + self.pool(features) - features
        return {"logits": self.head(self.conv(mixed).mean((2, 3)))}


def test_integers_are_one_piece_for_litert_with_pools_among_them(tmp_path):
    torch.manual_seed(0)
    pooling = capture("classify", Pooling().eval(), (IMAGE,), (LOGITS,))
    options = LowerOptions("int8", calibration=pictures(0))
    assert backend("tflite").lower(pooling, tmp_path / "few.tflite", options).delegation.pieces == 1


class Summed(torch.nn.Module):
    """A running sum, which XNNPACK does not have, between two linear layers."""

    def __init__(self):
        super().__init__()
        self.stem, self.last = torch.nn.Conv2d(3, 32, 4, 4), torch.nn.Linear(32, 1000)
        self.inner = torch.nn.Linear(32, 32)

    def forward(self, image):
        tokens = self.stem(image / 255).flatten(2).transpose(1, 2)
        return {"logits": self.last(torch.cumsum(self.inner(tokens), 1).mean(1))}


def test_what_xnnpack_leaves_of_a_tflite_file_is_named(tmp_path):
    summed = capture("classify", Summed().eval(), (IMAGE,), (LOGITS,))
    delegation = backend("tflite").lower(summed, tmp_path / "full.tflite", LowerOptions("fp32")).delegation
    assert (delegation.delegate, delegation.pieces, delegation.macs) == ("xnnpack", 2, 1)
    assert [(one.operator, one.count) for one in delegation.outside] == [("CUMSUM", 1)]
    assert 0 < delegation.operators < 1


class Padded(torch.nn.Module):
    """Zeros around a sum, of which a convolution takes all: of its values fewer are at the ends of their range."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv = torch.nn.Conv2d(3, 8, 4, 4), torch.nn.Conv2d(8, 8, 3)
        self.head = torch.nn.Linear(8, 1000)

    def forward(self, image):
        x = self.stem(image / 255)
        return {"logits": self.head(self.conv(F.pad(x + x, (9, 9, 9, 9))).mean((2, 3)))}


def test_what_is_padded_is_rounded_once_in_executorch():
    from exporter.backends.executorch_quantisation import quantised

    torch.manual_seed(0)
    padded = capture("classify", Padded().eval(), (IMAGE,), (LOGITS,))
    scheme = replace(backend("executorch").schemes["int8"], reading=percentile(0.05))
    made = quantised(padded.program, padded.example, scheme, pictures(0))
    calls = {node.name: node for node in made.graph.nodes}
    sum_of, conv = calls["add"], calls["conv2d_1"]
    (first,) = sum_of.users
    source, ranges = conv.args[0], []
    while source is not sum_of:
        ranges += [source.args[1:3]] if "quantize" in source.name else []
        source = source.args[0]
    assert len(ranges) >= 4
    assert set(ranges) == {first.args[1:3]}


def test_a_product_that_is_kept_stays_in_floating_point_in_onnx_where_ranges_are_found_in_each_run(
    graph, full, tmp_path
):
    words = []
    for kept in ((), ("linear$",)):
        scheme = replace(backend("onnx").schemes["int8-dynamic"], kept=kept)
        options = LowerOptions("int8-dynamic", scheme=scheme, full=full("onnx"))
        words.append(backend("onnx").lower(graph, tmp_path / "few.onnx", options).quantised)
    assert "MatMul" in words[0]
    assert "MatMul" not in words[1]


class Enlarging(torch.nn.Module):
    """A transposed convolution: weights of one output channel, which is not read, are a thousand times the others'."""

    def __init__(self):
        super().__init__()
        self.up = torch.nn.ConvTranspose2d(3, 64, 4, 4, bias=False)
        self.up.weight.data[:, 7] *= 1000
        self.head = torch.nn.Linear(64, 1000, bias=False)
        self.head.weight.data[:, 7] = 0

    def forward(self, image):
        return {"logits": self.head(torch.tanh(self.up(image / 255)).mean((2, 3)))}


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_a_transposed_convolution_has_integer_weights_with_a_scale_for_each_output_channel(format, tmp_path):
    torch.manual_seed(0)
    enlarging = capture("classify", Enlarging().eval(), (IMAGE,), (LOGITS,))
    path = tmp_path / f"few.{backend(format).extension}"
    lowered = backend(format).lower(enlarging, path, LowerOptions("int8-dynamic"))
    assert re.search(r"1 (TRANSPOSE_CONV|ConvTranspose)", lowered.quantised)
    assert sqnr(enlarging, format, path) > 20  # 0 with a scale for each input channel


def test_executorch_has_no_linear_layer_in_integers_that_the_scheme_leaves_out(graph, full, tmp_path):
    """Not even the last, which is quantised in a way of its own."""
    path, format = tmp_path / "few.pte", backend("executorch")
    scheme = replace(format.schemes["int8"], kinds=("conv2d.default",))
    options = LowerOptions("int8", scheme=scheme, calibration=pictures(0), full=full("executorch"))
    assert "linear" not in format.lower(graph, path, options).quantised
