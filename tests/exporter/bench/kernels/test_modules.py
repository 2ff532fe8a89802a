"""Modules of kernels: what is captured of one is cut into that very kernel again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from exporter.backends.executorch import BACKEND as EXECUTORCH
from exporter.backends.interface import LowerOptions
from exporter.bench.kernels.graphs import kernel_graph
from exporter.bench.kernels.modules import NoKernelModule, kernel_program
from exporter.operations.kernels import FUSIONS, kernels
from exporter.operations.of_program import operations, returned
from latency_db.kernel import Kernel
from latency_db.registered import TABLES, read

OF_A_TRACKER = """\
attention 4x4x256x16,4x4x256x16,4x4x256x16>4x4x256x16 scaled_dot_product_attention float32
conv 1x1x256x256,1x1x64x64>1x1x64x64 k8x8 s4x4 conv2d+mul+mul+add float32
data_movement 1x1>1x1 to bool
data_movement 1x256x64,5x256x64,1x256x64>7x256x64 cat float32
data_movement 1x256x128>1x256x64,1x256x64 chunk float32
data_movement 1x32,1x32,1x32,1x32>1x4x32 stack float32
data_movement 1x4>1x5 pad float32
data_movement 1x64x4x256>1x4x256x64 permute float32
data_movement 1x256x16x16>1x64x32x32 pixel_shuffle float32
data_movement 1x128x16x16>128x16x16 select float32
elementwise 1x128x16x16,128x1x1,1x128x1x1>1x128x16x16 add+add float32
elementwise 1x1x1x1,1x1x64x64,1x1x64x64,1x1x1x1,1x1x1x1>1x1x64x64 mul+add+mul+add float32
elementwise 1x5x1,5>1x5x5 sub+abs+rsub+relu float32
elementwise 3,1x1>1x3 eq int64
linear 1x5x5,1x5x128>1x5x128 matmul+add float32
matmul 1x8x49x32,1x8x32x49,8x49x49>1x8x49x49 matmul+add float32
normalisation 1x64x4x256>1x64x4x256 group_norm float32
pooling 1x3>1x1 argmax float32
pooling 1x48x56x56>1x48x56x56 k3x3 s1x1 avg_pool2d float32
resampling 1x1x64x64>1x1x256x256 upsample_bilinear2d float32
transposed_conv 1x64x32x32>1x32x64x64 k2x2 s2x2 conv_transpose2d+gelu float32
""".splitlines()


def cut_again(kernel, fusion):
    made = kernel_program(kernel)
    program = torch.export.export(made.module, made.inputs)
    if kernel.kind == "matmul":  # attention's scale and mask are part of its first product under every runtime
        fusion = replace(fusion, to_products=fusion.to_products | set(kernel.operations[1:]))
    return [made.key for made in kernels(operations(program), returned(program), fusion)]


@pytest.mark.parametrize(
    ("name", "runtime", "unit"), [("efficientformer_l1", "tflite", "gpu"), ("mobilevit_xxs", "executorch", "cpu")]
)
def test_kernels_of_models_come_back_as_they_were(name, runtime, unit):
    """Of those that compute the same, one; `benchmarks/latency_packs.py` has all of five models."""
    [cut] = read(TABLES).workload(name, 128, runtime, unit).graphs.values()
    different = {(kernel.kind, kernel.operations, kernel.groups > 1, bool(kernel.window)): kernel for kernel in cut}
    assert len(different) > 10
    changed = {kernel.key: cut_again(kernel, FUSIONS[runtime, unit]) for kernel in different.values()}
    assert {key: made for key, made in changed.items() if made != [key]} == {}


@pytest.mark.parametrize("key", OF_A_TRACKER)
def test_a_kernel_comes_back_as_it_was(key):
    assert cut_again(Kernel.of_key(key), FUSIONS["coreml", "gpu"]) == [key]


def test_a_kernels_numbers_are_the_same_each_time():
    kernel = Kernel.of_key("conv 1x8x8x8>1x8x8x8 k3x3 s1x1 conv2d+relu float32")
    one, other = kernel_program(kernel), kernel_program(kernel)
    assert torch.equal(one.module(*one.inputs), other.module(*other.inputs))
    different = kernel_program(kernel, seed=1)
    assert not torch.equal(different.inputs[0], one.inputs[0])


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("conv 1x8x8x8>1x8x9x3 k3x3 s2x2 conv2d float32", "its shapes do not say how conv2d is to be called"),
        ("matmul 4x4,4x4>4x4 einsum float32", "its shapes do not say how einsum is to be called"),
        ("matmul 4x4,5x4>4x4 matmul float32", "PyTorch refuses it"),
        ("elementwise 1x4,1x3>1x4 add float32", "its inputs do not fit add"),
        ("elementwise 1x4>1x4 lgamma float32", "its inputs do not fit lgamma"),
        ("linear 1x4,1x3>1x4 linear+add float32", "its inputs do not fit add"),
        ("data_movement 1x4x4>1x8x4 roll float32", "it would give"),
    ],
)
def test_a_kernel_that_does_not_say_enough_is_refused_by_name(key, why):
    with pytest.raises(NoKernelModule) as refused:
        kernel_program(Kernel.of_key(key))
    assert f"'{key}': {why}" in str(refused.value)


def test_a_kernels_graph_is_lowered_and_runs(tmp_path):
    graph = kernel_graph(Kernel.of_key("conv 1x8x8x8,1x4x8x8>1x4x8x8 k1x1 s1x1 conv2d+add float32"))
    EXECUTORCH.lower(graph, tmp_path / "kernel.pte", LowerOptions(precision="fp32"))
    inputs = {spec.name: np.ones(spec.shape, np.float32) for spec in graph.inputs}
    [found] = EXECUTORCH.load(tmp_path / "kernel.pte", threads=1)(inputs).values()
    [wanted] = graph.module(**{name: torch.from_numpy(value) for name, value in inputs.items()}).values()
    np.testing.assert_allclose(found, wanted.detach(), rtol=1e-5)


def test_a_graph_takes_and_gives_floats_alone():
    with pytest.raises(NoKernelModule, match="take and give float32, and it has"):
        kernel_graph(Kernel.of_key("elementwise 1x4>1x4 gt float32"))
