"""Would parity notice? Each kind of block, knocked out of the captured program, must fail verification.

The knocked-out program runs in PyTorch, and what comes out is compared with the whole model as an artefact's outputs
are. One of each family goes all the way: it is lowered, and its artefact run from disk.
"""

import dataclasses
from dataclasses import dataclass
from functools import cache

import pytest

from exporter.backends import onnx
from exporter.backends.interface import LowerOptions
from exporter.backends.runner import Arrays, run_all
from exporter.graphs.capture import Graph
from exporter.manifest import Variant
from exporter.rewrites import Rewrite, rewrite
from exporter.verify.artifact import verify
from exporter.verify.case import Case
from exporter.verify.parity import judge
from exporter.verify.record import EagerRunner
from exporter.verify.tolerances import TOLERANCES
from tests.knockouts import knock_out, knock_out_biases
from tests.models import classifier_graph, classifier_pictures

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


@dataclass(frozen=True)
class Whole:
    """A model before anything is knocked out: its graph, the verification pictures, and what PyTorch makes of them."""

    graph: Graph
    given: Arrays
    expected: Arrays


@cache
def whole(family: str) -> Whole:
    graph, given = classifier_graph(family), classifier_pictures(family)
    return Whole(graph, given, run_all(EagerRunner(graph), given))


def verdict(family: str, change: Rewrite) -> str:
    """Status of a changed program, run by PyTorch and compared as an artefact's outputs are."""
    model = whole(family)
    program = model.graph.program.module(check_guards=False)
    change(program)
    program.recompile()
    actual = run_all(EagerRunner(dataclasses.replace(model.graph, module=program)), model.given)
    return judge(model.expected, actual, model.graph.outputs, TOLERANCES["fp32"].outputs, "PyTorch").status


@pytest.mark.parametrize("family", BLOCKS)
def test_the_whole_program_passes(family):
    assert verdict(family, lambda module: None) == "passed"


@pytest.mark.parametrize(("family", "block"), [(family, block) for family in BLOCKS for block in BLOCKS[family]])
def test_a_program_without_one_block_fails(family, block):
    assert verdict(family, knock_out(BLOCKS[family][block])) == "failed"


@pytest.mark.parametrize("family", ["efficientformer", "efficientformerv2"])
def test_a_program_without_attention_biases_fails(family):
    assert verdict(family, knock_out_biases) == "failed"


@pytest.mark.parametrize("family", BLOCKS)
def test_an_artefact_without_attention_fails(family, tmp_path):
    model, path = whole(family), tmp_path / "classify.onnx"
    graph = model.graph
    changed = rewrite(graph.program, (knock_out(BLOCKS[family]["attention"]),))
    onnx.lower(dataclasses.replace(graph, program=changed), path, LowerOptions("fp32"))
    case = Case(Variant("onnx", "fp32"), graph.name, path, graph.inputs, graph.outputs, model.given, model.expected)
    found = verify(case)
    assert found.status == "failed"
    assert "logits is off by" in found.detail
