"""Would parity notice? Each kind of block, knocked out of the captured program, must fail verification.

The knocked-out program is lowered like any other, and its artefact, run from disk, is compared with the whole model.
"""

import dataclasses

import numpy as np
import pytest
import torch

from exporter.backends import LowerOptions, onnx
from exporter.graphs.classifier import classifier_graphs
from exporter.images import to_input, verification_images
from exporter.rewrites import rewrite
from exporter.verify import verify
from tests.knockouts import knock_out, knock_out_biases
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
