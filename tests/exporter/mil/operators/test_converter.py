"""From PyTorch through Core ML's own converter, to a package and back: what it means must be what PyTorch computes."""

import gc
import warnings
from collections.abc import Iterable
from functools import partial
from itertools import product
from typing import Any

import coremltools as ct
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from exporter import mil
from exporter.toolchain_noise import quiet
from tests.exporter.mil.operators.programs import assert_agrees

Case = tuple[Any, ...]
"""A module, or a function of tensors, and its inputs"""

BATCH = 10
"""How many cases are converted at once: a conversion takes a hundred times as long as to run one of them"""


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


def failing(cases: dict[str, Case], folder, target=ct.target.iOS17) -> dict[str, Exception]:
    """Of the cases those whose conversion changes the meaning: all at once, and halves again where any does.

    Raises what went wrong where they fail together and not apart.
    """
    modules, inputs = [module for module, *_ in cases.values()], [own for _, *own in cases.values()]

    def forward(*given):
        remaining, results = iter(given), []
        for module, own in zip(modules, inputs, strict=True):
            result = module(*(next(remaining) for _ in own))
            results += [result] if isinstance(result, torch.Tensor) else result
        return tuple(results)

    together = Wrapped(forward, *(module for module in modules if isinstance(module, nn.Module)))
    try:
        assert_converts(together, *(one for own in inputs for one in own), folder=folder, target=target)
    except Exception as error:  # an assertion's, the converter's, or the interpreter's
        if len(cases) == 1:
            return {next(iter(cases)): error}
        halves = list(cases.items())[: len(cases) // 2], list(cases.items())[len(cases) // 2 :]
        found = {name: error for half in halves for name, error in failing(dict(half), folder, target).items()}
        if not found:
            raise
        return found
    return {}


def assert_all_convert(cases: dict[str, Case], folder, target=ct.target.iOS17) -> None:
    found = failing(cases, folder, target)
    assert not found, "\n".join(f"{name}: {error}" for name, error in found.items())


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


@pytest.mark.parametrize("first", range(0, len(CASES), BATCH))
def test_conversions_keep_the_meaning(first, folder):
    assert_all_convert(dict(list(CASES.items())[first : first + BATCH]), folder)


def planted(x):
    """Not what is exported."""
    return x + (0 if torch.compiler.is_exporting() else 1)


def test_a_conversion_that_changes_the_meaning_is_named(folder):
    cases = {"first": (planted, numbers(3)), "silu": CASES["silu"], "last": (planted, numbers(3))}
    assert failing(cases, folder).keys() == {"first", "last"}


LAYERS = {1: (nn.Conv1d, nn.ConvTranspose1d), 2: (nn.Conv2d, nn.ConvTranspose2d), 3: (nn.Conv3d, nn.ConvTranspose3d)}


def several(**choices: Iterable[Any]) -> list[dict[str, Any]]:
    """Eight ways, each different, of choosing a layer's attributes: the same in every run."""
    every = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    return [every[index] for index in np.random.default_rng(0).choice(len(every), min(8, len(every)), replace=False)]


def layers(make, chosen: Iterable[dict[str, Any]], x: torch.Tensor) -> dict[str, Case]:
    """A layer for each choice of attributes, of inputs like `x`."""
    return {str(attributes): (make(**attributes), x) for attributes in chosen}


EITHER = (False, True)


@pytest.mark.parametrize("axes", LAYERS)
def test_convolutions(axes, folder):
    chosen = several(
        kernel_size=(1, 2, 3), stride=(1, 2), padding=(0, 1, 2), dilation=(1, 2), groups=(1, 2), bias=EITHER
    )
    make = partial(LAYERS[axes][0], 2, 4)
    assert_all_convert(layers(make, chosen, numbers(1, 2, *[6] * axes)), folder)


@pytest.mark.parametrize("axes", LAYERS)
def test_transposed_convolutions(axes, folder):
    chosen = several(
        kernel_size=(2, 3), stride=(1, 2, 3), padding=(0, 1), output_padding=(0, 1), groups=(1, 2), bias=EITHER
    )
    for attributes in chosen:
        # PyTorch wants less of it than a stride; coremltools crops a padding less for it, and knows no crop of volumes.
        most = min(attributes["stride"] - 1, attributes["padding"]) if axes < 3 else 0
        attributes["output_padding"] = min(attributes["output_padding"], most)
    make = partial(LAYERS[axes][1], 2, 4)
    assert_all_convert(layers(make, chosen, numbers(1, 2, *[4] * axes)), folder)


def test_convolutions_with_same_padding(folder):
    chosen = several(kernel_size=(1, 2, 3, 4), dilation=(1, 2))
    make = partial(nn.Conv2d, 2, 3, padding="same")
    assert_all_convert(layers(make, chosen, numbers(1, 2, 7, 6)), folder)


@pytest.mark.parametrize("pool", [nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d])
def test_pools(pool, folder):
    counted = {} if "Max" in pool.__name__ else {"count_include_pad": EITHER}
    # No stride is greater than a window: without padding none begins beyond the input.
    chosen = several(kernel_size=(2, 3), stride=(1, 2), padding=(0, 1), ceil_mode=EITHER, **counted)
    x = numbers(1, 2, 7) if "1d" in pool.__name__ else numbers(1, 2, 7, 6)
    assert_all_convert(layers(pool, chosen, x), folder)


@pytest.mark.parametrize(
    "mode", [{"mode": "bilinear", "align_corners": True}, {"mode": "bilinear"}, {"mode": "nearest"}], ids=str
)
def test_interpolation(mode, folder):
    sizes = several(size=product(range(3, 10), range(3, 10)))
    scales = several(scale_factor=(0.5, 1.5, 2, 3))
    assert_all_convert(layers(partial(nn.Upsample, **mode), [*sizes, *scales], numbers(1, 2, 4, 6)), folder)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_sampling_with_and_without_aligned_corners(mode, folder):
    def sampled(outside, aligned):
        return lambda x, grid: F.grid_sample(x, grid, mode, outside, aligned)

    given = numbers(1, 2, 5, 4), 1.2 * numbers(1, 3, 4, 2).tanh()
    ways = product(("zeros", "border", "reflection"), EITHER)
    assert_all_convert(
        {f"{outside}, {aligned}": (sampled(outside, aligned), *given) for outside, aligned in ways}, folder
    )


@pytest.mark.parametrize("target", [ct.target.iOS16, ct.target.iOS17, ct.target.iOS18], ids=lambda target: target.name)
def test_attention(target, folder):
    """Which iOS 18 keeps whole, and those before take apart."""
    given = [numbers(1, 2, length, 4, seed=seed) for seed, length in enumerate((3, 5, 5))]
    masks = {"none": None, "boolean": numbers(3, 5) > -1, "added": numbers(1, 1, 3, 5)}

    def attend(mask):
        return lambda query, key, value: F.scaled_dot_product_attention(query, key, value, attn_mask=mask)

    assert_all_convert({name: (attend(mask), *given) for name, mask in masks.items()}, folder, target)


@pytest.mark.parametrize("target", [ct.target.iOS16, ct.target.iOS18], ids=lambda target: target.name)
def test_other_operator_sets_mean_the_same(target, folder):
    """Of operators that differ between them."""
    names = ("gather", "topk", "scatter", "index", "argmax", "group_norm", "slice", "linear", "slice_scatter")
    assert_all_convert({name: CASES[name] for name in names}, folder, target)
