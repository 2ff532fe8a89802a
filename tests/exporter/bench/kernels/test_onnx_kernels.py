"""Kernels written in ONNX compute what PyTorch computes of the same weights."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch.nn import functional as F

from exporter.bench.kernels.onnx_kernels import NoOnnxKernel, onnx_kernel
from latency_db.kernel import Kernel


def written(key: str, folder: Path):
    """The shapes of its inputs, its weights in order, and what it makes of inputs that count up."""
    path = folder / "kernel.onnx"
    shapes = onnx_kernel(Kernel.of_key(key), path)
    inputs = {name: np.random.default_rng(place).random(shape, np.float32) for place, (name, shape) in
              enumerate(shapes.items())}  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    weights = [torch.from_numpy(numpy_helper.to_array(one).copy()) for one in onnx.load(path).graph.initializer]
    return [torch.from_numpy(x) for x in inputs.values()], weights, session.run(None, inputs)


CASES = {
    "linear 1x9x16,1x9x32>1x9x32 linear+add float32": lambda x, w: x[0] @ w[0] + w[1] + x[1],
    "matmul 1x2x9x4,1x2x4x9,2x9x9>1x2x9x9 matmul+add float32": lambda x, w: x[0] @ x[1] + x[2],
    "softmax 1x2x9x9>1x2x9x9 softmax float32": lambda x, w: x[0].softmax(-1),
    "normalisation 1x9x16>1x9x16 layer_norm float32": lambda x, w: F.layer_norm(x[0], (16,), w[0], w[1]),
    "pooling 1x4x8x8>1x4x8x8 k3x3 s1x1 avg_pool2d float32": lambda x, w: F.avg_pool2d(
        x[0], 3, 1, 1, count_include_pad=False
    ),
    "pooling 1x4x8x8>1x4 mean float32": lambda x, w: x[0].mean((2, 3)),
    "elementwise 1x4x8x8>1x4x8x8 gelu float32": lambda x, w: F.gelu(x[0]),
    "elementwise 1x4x8x8,4x1x1>1x4x8x8 mul float32": lambda x, w: x[0] * x[1],
    "elementwise 1x4x8x8,1x4x8x8>1x4x8x8 sub+relu float32": lambda x, w: (x[0] - x[1]).relu(),
    "data_movement 1x8x9x4>1x9x8x4 transpose float32": lambda x, w: x[0].transpose(1, 2),
    "data_movement 1x4x8x8,1x2x8x8>1x6x8x8 cat float32": lambda x, w: torch.cat(x, 1),
    "data_movement 1x16x4x4>1x4x8x8 pixel_shuffle float32": lambda x, w: F.pixel_shuffle(x[0], 2),
    "data_movement 1x4x8x8>1x16x4x4 pixel_unshuffle float32": lambda x, w: F.pixel_unshuffle(x[0], 2),
    "conv 1x6x8x8>1x4x4x4 k3x3 s2x2 g2 conv2d+relu float32": lambda x, w: F.conv2d(x[0], w[0], w[1], 2, 1, 1, 2).relu(),
}


@pytest.mark.parametrize("key", CASES)
def test_a_kernel_computes_what_pytorch_does(key, tmp_path):
    inputs, weights, (result, *_) = written(key, tmp_path)
    expected = CASES[key](inputs, weights).numpy()
    assert result.shape == expected.shape == Kernel.of_key(key).outputs[0]
    np.testing.assert_allclose(result, expected, atol=2e-5)


def test_parts_of_a_tensor_are_all_there(tmp_path):
    key = "data_movement 1x2x9x12>1x2x9x4,1x2x9x4,1x2x9x4 split_with_sizes float32"
    inputs, _, results = written(key, tmp_path)
    np.testing.assert_array_equal(np.concatenate(results, -1), inputs[0])


def test_a_convolution_reorders_nothing_at_its_edges_and_adds_in_blocks(tmp_path):
    key = "conv 1x32x14x14,1x64x14x14>1x64x14x14 k1x1 s1x1 conv2d+add float32"
    inputs, _, (result, *_) = written(key, tmp_path)
    (node,) = onnx.load(tmp_path / "kernel.onnx").graph.node
    assert node.op_type in ("Conv", "FusedConv")
    assert len(inputs) == 2
    assert result.shape == (1, 64, 14, 14)


def test_a_kernel_that_nobody_has_written_is_refused_by_name(tmp_path):
    with pytest.raises(NoOnnxKernel, match="grid_sampler"):
        onnx_kernel(Kernel.of_key("resampling 1x4x8x8,1x8x8x2>1x4x8x8 grid_sampler float32"), tmp_path / "kernel.onnx")
