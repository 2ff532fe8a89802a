"""From PyTorch through Core ML's own converter, to a package and back: what it means must be what PyTorch computes."""

import gc
import warnings

import coremltools as ct
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from exporter import mil
from exporter.toolchain_noise import quiet
from tests.exporter.mil.operators.programs import assert_agrees

CONVERSIONS = settings(max_examples=2)
"""A conversion takes a hundred times as long as a program of one operator"""


class Wrapped(nn.Module):
    """A function of tensors, with the layers that it calls."""

    def __init__(self, function, *layers):
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, *inputs):
        return self.function(*inputs)


def numbers(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng([seed, *shape]).standard_normal(shape, np.float32))


def integers(*shape, least=0, greatest=5):
    return torch.from_numpy(np.random.default_rng(shape).integers(least, greatest, shape, np.int32))


def assert_converts(module, *inputs, folder, target=ct.target.iOS17):
    """The package of a module gives what the module gives."""
    module = (module if isinstance(module, nn.Module) else Wrapped(module)).eval()
    with warnings.catch_warnings(), quiet("coremltools"), torch.no_grad():
        warnings.simplefilter("ignore")  # of torch.export and of NumPy, about coremltools
        expected = module(*inputs)
        exported = torch.export.export(module, inputs).run_decompositions({})
        package = ct.convert(
            exported,
            convert_to="mlprogram",
            compute_precision=ct.precision.FLOAT32,
            minimum_deployment_target=target,
            skip_model_load=True,
        )
    package.save(str(folder / "module.mlpackage"))
    program = mil.load(folder / "module.mlpackage")
    given = {name.name: value.numpy() for name, value in zip(program.inputs, inputs, strict=True)}
    results = mil.run(program, given, "fp32")
    expected = expected if isinstance(expected, (tuple, list)) else (expected,)
    for output, value in zip(program.outputs, expected, strict=True):
        assert_agrees(results[output.name], value.numpy(), tolerance=1e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    # Coremltools collects garbage in every conversion, and would look through all that is imported each time.
    gc.collect()
    gc.freeze()
    yield tmp_path_factory.mktemp("converted")
    gc.unfreeze()


CASES = {
    "batch_norm": (nn.BatchNorm2d(3), numbers(2, 3, 4, 4)),
    "group_norm": (nn.GroupNorm(2, 4), numbers(2, 4, 3, 3)),
    "instance_norm": (nn.InstanceNorm2d(3, affine=True), numbers(2, 3, 4, 4)),
    "layer_norm": (nn.LayerNorm((4, 5)), numbers(2, 3, 4, 5)),
    "local_response_norm": (nn.LocalResponseNorm(3), numbers(1, 5, 4, 4)),
    "gelu": (nn.GELU(), numbers(2, 5)),
    # Not nn.GELU("tanh"): coremltools 9 takes it for the exact one.
    "silu": (nn.SiLU(), numbers(2, 5)),
    "mish": (nn.Mish(), numbers(2, 5)),
    "elu": (nn.ELU(0.7), numbers(2, 5)),
    "leaky_relu": (nn.LeakyReLU(0.2), numbers(2, 5)),
    "prelu": (nn.PReLU(3, 0.3), numbers(1, 3, 4, 4)),
    "hardswish": (nn.Hardswish(), numbers(2, 5)),
    "hardsigmoid": (nn.Hardsigmoid(), numbers(2, 5)),
    "softplus": (nn.Softplus(), numbers(2, 5)),
    "softmax": (nn.Softmax(1), numbers(2, 5, 3)),
    "log_softmax": (nn.LogSoftmax(-1), numbers(2, 5)),
    "linear": (nn.Linear(5, 3), numbers(2, 4, 5)),
    "matmul": (torch.matmul, numbers(2, 1, 3, 4), numbers(5, 4, 2)),
    "baddbmm": (lambda x, y: torch.baddbmm(x, x, y, beta=0.5, alpha=2.0), numbers(2, 3, 3), numbers(2, 3, 3, seed=1)),
    "einsum": (lambda x, y: torch.einsum("bhqd,bhkd->bhqk", x, y), numbers(1, 2, 3, 4), numbers(1, 2, 5, 4)),
    "pixel_shuffle": (nn.PixelShuffle(2), numbers(1, 8, 3, 2)),
    "pixel_unshuffle": (nn.PixelUnshuffle(2), numbers(1, 2, 4, 6)),
    "adaptive_avg_pool": (nn.AdaptiveAvgPool2d(1), numbers(1, 3, 5, 4)),
    "max_pool3d": (nn.MaxPool3d(2, 2), numbers(1, 2, 4, 5, 4)),
    "topk": (lambda x: torch.topk(x, 3, 1), numbers(2, 6)),
    "sort": (lambda x: torch.sort(x, 1, descending=True), numbers(2, 6)),
    "argmax": (lambda x: torch.argmax(x, 1), numbers(2, 6)),
    "argmin": (lambda x: torch.argmin(x, -1, keepdim=True), numbers(2, 6)),
    "max": (lambda x: torch.max(x, 1), numbers(2, 6)),
    "amax": (lambda x: torch.amax(x, (1, 2)), numbers(2, 3, 4)),
    "mean": (lambda x: x.mean((0, 2), keepdim=True), numbers(2, 3, 4)),
    "norm": (lambda x: torch.linalg.vector_norm(x, dim=1), numbers(2, 3)),
    "var": (lambda x: x.var(1), numbers(2, 5)),
    "logsumexp": (lambda x: torch.logsumexp(x, 1), numbers(2, 5)),
    "gather": (lambda x, i: torch.gather(x, 1, i.long()), numbers(2, 5), integers(2, 3)),
    "index_select": (lambda x, i: torch.index_select(x, 1, i), numbers(2, 5), integers(3)),
    "embedding": (nn.Embedding(5, 3), integers(2, 4)),
    "index": (lambda x, i: x[:, i], numbers(2, 5, 3), integers(2, 2)),
    "indices": (lambda x, i, j: x[i, j], numbers(5, 5, 2), integers(3), integers(3, greatest=4)),
    "index_put": (lambda x, i, v: x.index_put((i,), v), numbers(5, 3), torch.tensor([3, 1]).int(), numbers(2, 3)),
    "scatter": (lambda x, i, v: x.scatter(1, i.long(), v), numbers(1, 5), torch.tensor([[0, 3]]).int(), numbers(1, 2)),
    "scatter_add": (lambda x, i, v: x.scatter_add(1, i.long(), v), numbers(2, 5), integers(2, 5), numbers(2, 5)),
    "cumsum": (lambda x: x.cumsum(1), numbers(2, 5)),
    "slice": (lambda x: x[:, 1:-1:2, -3:], numbers(2, 7, 5)),
    "select": (lambda x: x[:, -1], numbers(2, 7, 5)),
    "slice_scatter": (lambda x, y: torch.slice_scatter(x, y, 1, 1, 6, 2), numbers(2, 7), numbers(2, 3)),
    "flip": (lambda x: x.flip((1,)), numbers(2, 5)),
    "roll": (lambda x: x.roll(2, 1), numbers(2, 5)),
    "narrow": (lambda x: x.narrow(1, 1, 3), numbers(2, 5)),
    "chunk": (lambda x: torch.chunk(x, 3, 1), numbers(2, 7)),
    "stack": (lambda x, y: torch.stack((x, y), 1), numbers(2, 3), numbers(2, 3, seed=1)),
    "tile": (lambda x: x.repeat(2, 1, 3), numbers(2, 3)),
    "tril": (torch.tril, numbers(4, 5)),
    "triu": (lambda x: torch.triu(x, 1), numbers(4, 5)),
    "pad constant": (lambda x: F.pad(x, (1, 2, 0, 3), value=1.5), numbers(1, 2, 4, 4)),
    "pad reflect": (lambda x: F.pad(x, (1, 2, 0, 3), mode="reflect"), numbers(1, 2, 4, 4)),
    "pad replicate": (lambda x: F.pad(x, (1, 2, 0, 3), mode="replicate"), numbers(1, 2, 4, 4)),
    "one_hot": (lambda i: F.one_hot(i.long(), 5).float(), integers(4)),
    "casts": (lambda x: x.int().float() + x.bool().float(), numbers(2, 3)),
    "comparisons": (lambda x, y: (x > y).float() - (x <= y * 2).float() + (x == y).float(), numbers(6), numbers(2, 1)),
    "where": (lambda x: torch.where(x > 0, x, torch.zeros_like(x)), numbers(2, 3)),
    "masked_fill": (lambda x: x.masked_fill(x > 0, -1.0), numbers(2, 3)),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), numbers(2, 3)),
    "clamp below": (lambda x: x.clamp(min=0.1), numbers(2, 3)),
    "remainder": (lambda x: torch.remainder(x, 0.7), numbers(2, 3)),
    "floor division": (lambda x: torch.div(x, 0.7, rounding_mode="floor"), numbers(2, 3)),
    "truncated division": (lambda x: torch.div(x, 0.7, rounding_mode="trunc"), numbers(2, 3)),
    "rsqrt": (lambda x: torch.rsqrt(x.abs() + 1), numbers(2, 3)),
    "log": (lambda x: torch.log(x.abs() + 1), numbers(2, 3)),
    "erf": (torch.erf, numbers(2, 3)),
    "atan2": (torch.atan2, numbers(2, 3), numbers(2, 3, seed=1)),
    "round": (torch.round, numbers(2, 3) * 4),
    "normalize": (lambda x: F.normalize(x, dim=1), numbers(2, 5)),
    "unfold": (nn.Unfold(2, stride=2), numbers(1, 2, 4, 6)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_conversions_keep_the_meaning(case, folder):
    module, *inputs = CASES[case]
    assert_converts(module, *inputs, folder=folder)


LAYERS = {1: (nn.Conv1d, nn.ConvTranspose1d), 2: (nn.Conv2d, nn.ConvTranspose2d), 3: (nn.Conv3d, nn.ConvTranspose3d)}


def several(**attributes):
    """Different choices of a layer's attributes: one conversion does for all."""
    return st.lists(st.fixed_dictionaries(attributes), min_size=4, max_size=4, unique_by=str)


def all_of(layers):
    """What each of them makes of the same input."""
    return Wrapped(lambda x: tuple(layer(x) for layer in layers), *layers)


@pytest.mark.parametrize("axes", LAYERS)
@CONVERSIONS
@given(
    several(
        kernel_size=st.integers(1, 3),
        stride=st.integers(1, 2),
        padding=st.integers(0, 2),
        dilation=st.integers(1, 2),
        groups=st.sampled_from([1, 2]),
        bias=st.booleans(),
    )
)
def test_convolutions(axes, folder, chosen):
    layers = [LAYERS[axes][0](2, 4, **attributes) for attributes in chosen]
    assert_converts(all_of(layers), numbers(1, 2, *[6] * axes), folder=folder)


@pytest.mark.parametrize("axes", LAYERS)
@CONVERSIONS
@given(
    several(
        kernel_size=st.integers(2, 3),
        stride=st.integers(1, 3),
        padding=st.integers(0, 1),
        output_padding=st.integers(0, 1),
        groups=st.sampled_from([1, 2]),
        bias=st.booleans(),
    )
)
def test_transposed_convolutions(axes, folder, chosen):
    layers = []
    for attributes in chosen:
        # PyTorch wants less of it than a stride; coremltools crops a padding less for it, and knows no crop of volumes.
        most = min(attributes["stride"] - 1, attributes["padding"]) if axes < 3 else 0
        own = attributes | {"output_padding": min(attributes["output_padding"], most)}
        layers.append(LAYERS[axes][1](2, 4, **own))
    assert_converts(all_of(layers), numbers(1, 2, *[4] * axes), folder=folder)


@CONVERSIONS
@given(several(kernel_size=st.integers(1, 4), dilation=st.integers(1, 2)))
def test_convolutions_with_same_padding(folder, chosen):
    layers = [nn.Conv2d(2, 3, padding="same", **attributes) for attributes in chosen]
    assert_converts(all_of(layers), numbers(1, 2, 7, 6), folder=folder)


@pytest.mark.parametrize("pool", [nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d])
@CONVERSIONS
@given(st.data())
def test_pools(pool, folder, data):
    counted = {} if "Max" in pool.__name__ else {"count_include_pad": st.booleans()}
    chosen = data.draw(
        several(
            # No stride is greater than a window: without padding none begins beyond the input.
            kernel_size=st.integers(2, 3),
            stride=st.integers(1, 2),
            padding=st.integers(0, 1),
            ceil_mode=st.booleans(),
            **counted,
        )
    )
    x = numbers(1, 2, 7) if "1d" in pool.__name__ else numbers(1, 2, 7, 6)
    assert_converts(all_of([pool(**attributes) for attributes in chosen]), x, folder=folder)


@pytest.mark.parametrize(
    "mode", [{"mode": "bilinear", "align_corners": True}, {"mode": "bilinear"}, {"mode": "nearest"}], ids=str
)
@CONVERSIONS
@given(several(size=st.tuples(st.integers(3, 9), st.integers(3, 9))))
def test_interpolation_to_a_size(mode, folder, chosen):
    assert_converts(all_of([nn.Upsample(**to, **mode) for to in chosen]), numbers(1, 2, 4, 6), folder=folder)


@pytest.mark.parametrize(
    "mode", [{"mode": "bilinear", "align_corners": True}, {"mode": "bilinear"}, {"mode": "nearest"}], ids=str
)
def test_interpolation_by_a_scale(mode, folder):
    layers = [nn.Upsample(scale_factor=scale, **mode) for scale in (0.5, 1.5, 2, 3)]
    assert_converts(all_of(layers), numbers(1, 2, 4, 6), folder=folder)


@pytest.mark.parametrize("outside", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_sampling_with_and_without_aligned_corners(mode, outside, folder):
    def sample(x, grid):
        return tuple(F.grid_sample(x, grid, mode, outside, aligned) for aligned in (True, False))

    assert_converts(sample, numbers(1, 2, 5, 4), 1.2 * numbers(1, 3, 4, 2).tanh(), folder=folder)


@pytest.mark.parametrize("target", [ct.target.iOS16, ct.target.iOS17, ct.target.iOS18], ids=lambda target: target.name)
@pytest.mark.parametrize("mask", [None, "boolean", "added"])
def test_attention(mask, target, folder):
    """Which iOS 18 keeps whole, and those before take apart."""
    query, key, value = (numbers(1, 2, length, 4, seed=seed) for seed, length in enumerate((3, 5, 5)))
    masks = {"boolean": numbers(3, 5) > -1, "added": numbers(1, 1, 3, 5)}

    def attend(query, key, value):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=masks.get(mask))

    assert_converts(attend, query, key, value, folder=folder, target=target)


@pytest.mark.parametrize("target", [ct.target.iOS16, ct.target.iOS18], ids=lambda target: target.name)
def test_other_operator_sets_mean_the_same(target, folder):
    """At once, of operators that differ between them."""
    cases = [
        CASES[case]
        for case in ("gather", "topk", "scatter", "index", "argmax", "group_norm", "slice", "linear", "slice_scatter")
    ]

    def forward(*inputs):
        given, results = iter(inputs), []
        for module, *own in cases:
            result = module(*(next(given) for _ in own))
            results += [result] if isinstance(result, torch.Tensor) else result
        return tuple(results)

    module = Wrapped(forward, *(layer for layer, *_ in cases if isinstance(layer, nn.Module)))
    assert_converts(module, *(one for _, *own in cases for one in own), folder=folder, target=target)
