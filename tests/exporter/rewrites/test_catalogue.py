"""Passes go by name, so that a backend can list them as data."""

import pytest
import torch

from exporter.backends import FORMATS, backend
from exporter.backends.interface import LowerOptions
from exporter.rewrites import edited
from exporter.rewrites.catalogue import PASSES, rewritten, rewritten_module


@pytest.mark.parametrize("format", FORMATS)
def test_every_pass_that_a_backend_names_exists(format):
    for names in backend(format).rewrites.values():
        assert set(names) <= set(PASSES)


@pytest.mark.parametrize("format", FORMATS)
def test_a_backend_has_a_list_for_every_delegate(format):
    record = backend(format)
    assert list(record.rewrites) == (list(record.delegates) or [None])


def test_core_ml_keeps_its_own_layer_norm_and_attention():
    tiles = ("attention_in_tiles",)
    assert backend("coreml").passes(LowerOptions("fp16")) == tiles
    assert backend("executorch").passes(LowerOptions("fp32", delegate="coreml")) == tiles


def test_no_passes_may_be_asked_for():
    assert backend("executorch").passes(LowerOptions("fp32", rewrites=())) == ()


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_says_whom_it_is_for(name):
    assert any(who in PASSES[name].__doc__ for who in ("XNNPACK", "ExecuTorch", "Core AI", "LiteRT", "Every runtime"))


class Layer(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


@pytest.fixture
def program():
    return torch.export.export(Layer().requires_grad_(False), (torch.zeros(1, 4),))


def test_a_program_in_which_the_passes_find_nothing_is_not_exported_again(program):
    idle = ["pads_in_rank_four", "attention_as_matmuls"]
    assert rewritten(program, idle) is program
    assert edited(program, [PASSES[name] for name in idle]) is None


def test_a_program_that_a_pass_changes_stays_as_it_is(program):
    before = str(program.graph)
    after = rewritten(program, ["pads_in_rank_four", "layer_norm_as_arithmetic"])
    assert after is not program
    assert str(program.graph) == before
    assert torch.ops.aten.layer_norm.default not in {node.target for node in after.graph.nodes}


def test_weights_that_nothing_refers_to_are_left_out(program):
    program.state_dict["norm.unused"] = torch.zeros(1)
    module = edited(program, [PASSES["pads_in_rank_four"]])
    assert module is not None
    assert "norm.unused" not in module.state_dict()


@pytest.mark.parametrize("names", [["pads_in_rank_four"], ["layer_norm_as_arithmetic"]], ids=["nothing", "a layer"])
def test_a_rewritten_module_computes_what_the_program_does(program, names):
    x = torch.randn(1, 4)
    assert torch.allclose(rewritten_module(program, names)(x), program.module()(x), atol=1e-6)
