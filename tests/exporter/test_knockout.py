"""Would parity notice? Each kind of block, knocked out of the captured program, must fail verification.

The knocked-out program is lowered like any other, and its artefact, run from disk, is compared with the whole model.
"""

import dataclasses
import re

import numpy as np
import pytest
import torch
from torch import fx

from exporter.backends import LowerOptions, onnx
from exporter.graphs.classifier import classifier_graphs
from exporter.images import to_input, verification_images
from exporter.rewrites import rewrite
from exporter.rewrites.editing import add_constant, constant
from exporter.verify import verify
from tests.models import reduced

BLOCKS = {
    "efficientformer": {
        "pooling": r"stages\.\d\.blocks\.0\.token_mixer",
        "convolutional mlp": r"stages\.0\.blocks\.0\.mlp",
        "attention": r"stages\.3\.blocks\.2\.token_mixer",
        "mlp": r"stages\.3\.blocks\.2\.mlp",
    },
    "efficientformerv2": {
        "feed-forward": r"stages\.\d\.blocks\.0\.mlp",
        "subsampling before attention": r"stages\.2\.blocks\.1\.token_mixer\.stride_conv",
        "strided attention": r"stages\.2\.blocks\.1\.token_mixer",
        "attention": r"stages\.3\.blocks\.1\.token_mixer",
        "first talking head": r"stages\.3\.blocks\.1\.token_mixer\.talking_head1",
        "second talking head": r"stages\.3\.blocks\.1\.token_mixer\.talking_head2",
        "local values": r"stages\.3\.blocks\.1\.token_mixer\.v_local",
        "attention downsample": r"stages\.3\.downsample\.attn",
        "local queries": r"stages\.3\.downsample\.attn\.q\.local",
    },
    "mobilevit": {
        "inverted residual": r"stages\.1\.1\.conv3_1x1",
        "attention": r"stages\.2\.1\.transformer\.0\.attn",
        "mlp": r"stages\.2\.1\.transformer\.0\.mlp",
        "local convolution": r"stages\.2\.1\.conv_kxk",
        "transformer": r"stages\.2\.1\.conv_proj",
    },
    "mobilevitv2": {
        "inverted residual": r"stages\.1\.1\.conv3_1x1",
        "attention": r"stages\.2\.1\.transformer\.0\.attn",
        "mlp": r"stages\.2\.1\.transformer\.0\.mlp",
        "local convolution": r"stages\.2\.1\.conv_kxk",
    },
}
"""Family -> kind of block -> path of a module of that kind."""


def knock_out(path: str):
    """A pass that replaces what the modules at `path` give to the rest of the program by zeros."""

    def apply(module: fx.GraphModule) -> None:
        inside = {node for node in module.graph.nodes if _module_path(node) and re.search(path, _module_path(node))}
        assert inside, f"no module matches {path}"
        for node in inside:
            outside = [user for user in node.users if user not in inside]
            if outside:
                zeros = add_constant(module, node, "zeros", torch.zeros(node.meta["val"].shape))
                for user in outside:
                    user.replace_input_with(node, zeros)

    return apply


def _module_path(node: fx.Node) -> str:
    """Path of the innermost module that a node comes from."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return f"{stack[-1][0]}" if stack else ""


def knock_out_biases(module: fx.GraphModule) -> None:
    """Zero every constant that is added to attention scores."""
    found = 0
    for node in module.graph.nodes:
        scores = node.target is torch.ops.aten.add.Tensor and node.meta["val"].ndim == 4
        operands = [node.kwargs.get("attn_mask"), *(node.args if scores else [])]
        for operand in operands:
            value = constant(module, operand)
            if value is not None and value.ndim >= 3:
                node.replace_input_with(operand, add_constant(module, node, "zeros", torch.zeros_like(value)))
                found += 1
    assert found


def verdict(family: str, change, folder) -> str:
    """Status of a changed program's artefact against the whole model."""
    model, info = reduced(family)
    (graph,) = classifier_graphs(model, info)
    changed = dataclasses.replace(graph, program=rewrite(graph.program, (change,)))
    pictures = np.stack([to_input(pixels) for pixels in verification_images(model.image_size)])
    with torch.inference_mode():
        logits = np.stack([graph.module(torch.from_numpy(picture))["logits"].numpy() for picture in pictures])
    path = folder / "classify.onnx"
    onnx.lower(changed, path, LowerOptions("fp32"))
    return verify("onnx", path, "fp32", graph.inputs, graph.outputs, {"image": pictures}, {"logits": logits}).status


@pytest.mark.parametrize("family", BLOCKS)
def test_the_whole_program_passes(family, tmp_path):
    assert verdict(family, lambda module: None, tmp_path) == "passed"


@pytest.mark.parametrize(("family", "block"), [(family, block) for family in BLOCKS for block in BLOCKS[family]])
def test_a_program_without_one_block_fails(family, block, tmp_path):
    assert verdict(family, knock_out(BLOCKS[family][block]), tmp_path) == "failed"


@pytest.mark.parametrize("family", ["efficientformer", "efficientformerv2"])
def test_a_program_without_attention_biases_fails(family, tmp_path):
    assert verdict(family, knock_out_biases, tmp_path) == "failed"
