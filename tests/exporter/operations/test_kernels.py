"""A graph's kernels: all of its arithmetic, cut as each runtime runs it."""

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from exporter.graphs.cut import graphs_of
from exporter.models.registry import create_model
from exporter.operations.kernels import FUSIONS, Fusion, kernels
from exporter.operations.of_program import operations, returned

NOTHING = Fusion()
EVERYTHING = FUSIONS["tflite", "gpu"]

MODELS = (
    ("efficientformer_l1", 64),
    ("efficientformerv2_s0", 64),
    ("mobilevit_xxs", 64),
    ("mobilevitv2_050", 64),
    ("efficienttam_nano_256x256", 128),
)


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model[0])
def programs(request):
    name, size = request.param
    graphs = graphs_of(create_model(name, size).eval())
    return [(graph, list(operations(graph.program)), returned(graph.program)) for graph in graphs]


def test_they_have_all_floating_point_operations_of_a_graph(programs):
    for graph, calls, results in programs:
        # The counter knows products, but not the fused attention of CPUs.
        counter = FlopCounterMode(display=False)
        with counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
            graph.program.module()(**graph.example)
        for fusion in (NOTHING, EVERYTHING, FUSIONS["coreml", "npu"]):
            assert 2 * sum(kernel.macs for kernel in kernels(calls, results, fusion)) == counter.get_total_flops(), (
                graph.name
            )


def test_no_operator_is_lost_by_fusion(programs):
    for _, calls, results in programs:
        apart, fused = (kernels(calls, results, fusion) for fusion in (NOTHING, EVERYTHING))
        assert len(fused) < len(apart)
        assert sum(len(kernel.operations) for kernel in fused) == sum(len(kernel.operations) for kernel in apart)


class Layers(nn.Module):
    """A convolution, what comes behind it in a mobile network, and an attention."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8)
        self.linear = nn.Linear(8, 8)

    def forward(self, image):
        x = self.conv(image).relu()
        x = x + torch.nn.functional.gelu(self.depthwise(x))
        tokens = self.linear(x.flatten(2).transpose(1, 2))[:, None]
        attended = torch.nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
        return torch.nn.functional.avg_pool2d(attended, 2)


@pytest.fixture(scope="module")
def layers():
    return torch.export.export(Layers().eval(), (torch.zeros(1, 4, 8, 8),))


def cut(program, fusion):
    return kernels(operations(program), returned(program), fusion)


def keys(program, fusion):
    return [kernel.key for kernel in cut(program, fusion)]


def test_without_fusion_each_operator_is_a_kernel_but_those_that_only_reshape(layers):
    assert keys(layers, NOTHING) == [
        "conv 1x4x8x8>1x8x4x4 k3x3 s2x2 conv2d float32",
        "elementwise 1x8x4x4>1x8x4x4 relu float32",
        "depthwise_conv 1x8x4x4>1x8x4x4 k3x3 s1x1 d2x2 g8 conv2d float32",
        "elementwise 1x8x4x4>1x8x4x4 gelu float32",
        "elementwise 1x8x4x4,1x8x4x4>1x8x4x4 add float32",
        "data_movement 1x8x16>1x16x8 transpose float32",
        "linear 1x16x8>1x16x8 linear float32",
        "matmul 1x1x16x8,1x1x8x16>1x1x16x16 matmul+mul float32",
        "softmax 1x1x16x16>1x1x16x16 softmax float32",
        "matmul 1x1x16x16,1x1x16x8>1x1x16x8 matmul float32",
        "pooling 1x1x16x8>1x1x8x4 k2x2 s2x2 avg_pool2d float32",
    ]


def test_a_clamp_runs_in_the_operator_before_it_and_other_activations_do_not(layers):
    of_xnnpack = keys(layers, FUSIONS["executorch", "cpu"])
    assert of_xnnpack[0] == "conv 1x4x8x8>1x8x4x4 k3x3 s2x2 conv2d+relu float32"
    assert of_xnnpack[2] == "elementwise 1x8x4x4>1x8x4x4 gelu float32"


def test_a_chain_of_elementwise_operators_goes_with_the_product_before_it(layers):
    chained = keys(layers, EVERYTHING)[1]
    assert chained == "depthwise_conv 1x8x4x4,1x8x4x4>1x8x4x4 k3x3 s1x1 d2x2 g8 conv2d+gelu+add float32"


def test_attention_is_one_kernel_where_the_runtime_has_one(layers):
    whole = keys(layers, FUSIONS["coreml", "npu"])
    assert "attention 1x1x16x8,1x1x16x8,1x1x16x8>1x1x16x8 scaled_dot_product_attention float32" in whole
    assert not any(key.startswith("softmax") for key in whole)


IMAGE, TOKENS, PAIR = torch.zeros(1, 4, 6, 6), torch.zeros(5, 4), torch.zeros(2, 5, 4)


class Sum(nn.Module):
    """A product to which a bias is added, of a constant or of what is computed."""

    def __init__(self, operator, bias, factor):
        super().__init__()
        self.operator, self.bias = operator, nn.Parameter(torch.zeros(*bias))
        self.factor = None if factor is None else nn.Parameter(torch.zeros(*factor))

    def forward(self, tokens):
        factor = tokens.transpose(-1, -2) if self.factor is None else self.factor
        return self.operator(self.bias, tokens, factor)


@pytest.mark.parametrize(
    ("module", "tokens", "key"),
    [
        (Sum(torch.addmm, (7,), (4, 7)), TOKENS, "linear 5x4>5x7 addmm float32"),
        (Sum(torch.addmm, (5,), None), TOKENS, "matmul 5x4,4x5,5>5x5 addmm float32"),
        (Sum(torch.baddbmm, (1, 1, 5), None), PAIR, "matmul 2x5x4,2x4x5,1x1x5>2x5x5 baddbmm float32"),
    ],
    ids=("linear", "addmm", "baddbmm"),
)
def test_a_bias_before_a_product_is_no_factor_of_it(module, tokens, key):
    [*_, product] = cut(torch.export.export(module, (tokens,)), NOTHING)
    assert product.key == key
    assert product.macs == module(tokens).numel() * 4


class Convolution(nn.Module):
    """`convolution`, which both kinds become in ATen's core set."""

    def __init__(self, transposed):
        super().__init__()
        self.transposed, self.weight = transposed, nn.Parameter(torch.zeros(4, 4, 3, 3))

    def forward(self, image):
        return torch.convolution(image, self.weight, None, [2, 2], [1, 1], [1, 1], self.transposed, [0, 0], 1)


@pytest.mark.parametrize(
    ("transposed", "key"),
    [
        (False, "conv 1x4x6x6>1x4x3x3 k3x3 s2x2 convolution float32"),
        (True, "transposed_conv 1x4x6x6>1x4x11x11 k3x3 s2x2 convolution float32"),
    ],
)
def test_a_convolution_that_is_transposed_is_told_by_its_attribute(transposed, key):
    assert keys(torch.export.export(Convolution(transposed), (IMAGE,)), NOTHING) == [key]


@pytest.mark.parametrize(
    ("module", "image"),
    [(nn.Conv3d(4, 4, 3), torch.zeros(1, 4, 6, 6, 6)), (nn.ConvTranspose1d(4, 4, 3), torch.zeros(1, 4, 6))],
    ids=("conv3d", "conv_transpose1d"),
)
def test_a_product_of_no_known_kind_is_refused_and_not_taken_for_no_arithmetic(module, image):
    with pytest.raises(ValueError, match=r"aten\.conv\w+\.\w+ multiplies"):
        keys(torch.export.export(module, (image,)), NOTHING)


class Converted(nn.Module):
    def forward(self, image):
        return torch.ops.prims.convert_element_type(image, torch.float16)


def test_a_conversion_is_no_convolution():
    program = torch.export.export(Converted(), (IMAGE,))
    assert keys(program, NOTHING) == ["elementwise 1x4x6x6>1x4x6x6 convert_element_type float32"]


class Reshaped(nn.Module):
    """A convolution whose result is clamped under another shape, and what else becomes of it."""

    def __init__(self, also):
        super().__init__()
        self.conv, self.also = nn.Conv2d(4, 4, 1), also

    def forward(self, image):
        x = self.conv(image)
        return self.also(x, x.flatten(2).relu())


def only_clamped(x, clamped):
    return clamped


def read_again(x, clamped):
    return clamped, x.sigmoid()


def returned_as_well(x, clamped):
    return clamped, x


def returned_under_another_shape(x, clamped):
    return clamped, x.flatten(1)


def test_a_clamp_runs_in_the_operator_whose_result_it_takes_under_another_shape():
    program = torch.export.export(Reshaped(only_clamped).eval(), (IMAGE,))
    assert keys(program, FUSIONS["executorch", "cpu"]) == ["conv 1x4x6x6>1x4x6x6 k1x1 s1x1 conv2d+relu float32"]


@pytest.mark.parametrize("also", [read_again, returned_as_well, returned_under_another_shape])
def test_a_result_that_is_needed_as_it_is_is_not_clamped_in_its_kernel(also):
    first, second, *_ = cut(torch.export.export(Reshaped(also).eval(), (IMAGE,)), FUSIONS["executorch", "cpu"])
    assert (first.operations, second.operations) == (("conv2d",), ("relu",))


class Gated(nn.Module):
    """A convolution with its batch norm, whose picture a gate of one number for each channel scales."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.gate = nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8), nn.Conv2d(4, 8, 1)

    def forward(self, image):
        return self.norm(self.conv(image)) * self.gate(image.mean((2, 3), keepdim=True))


@pytest.fixture(scope="module")
def gated():
    return torch.export.export(Gated().eval(), (torch.zeros(1, 4, 8, 8),))


def test_a_batch_norm_is_part_of_the_convolution_before_it_and_reads_nothing(gated):
    assert keys(gated, NOTHING)[0] == "conv 1x4x8x8>1x8x8x8 k1x1 s1x1 conv2d+batch_norm float32"


def test_what_is_larger_than_a_product_does_not_run_in_it(gated):
    assert keys(gated, EVERYTHING) == [
        "conv 1x4x8x8,1x8x1x1>1x8x8x8 k1x1 s1x1 conv2d+batch_norm+mul float32",
        "pooling 1x4x8x8>1x4x1x1 mean float32",
        "conv 1x4x1x1>1x8x1x1 k1x1 s1x1 conv2d float32",
    ]
