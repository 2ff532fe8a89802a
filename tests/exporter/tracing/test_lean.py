"""While a toolchain works, torch and Python do less; what comes out is the same, and afterwards they are as before."""

import copy
import gc

import pytest
import torch
from torch import fx, nn
from torch.fx.traceback import NodeSource

from exporter.tracing.lean import infrequent_collection, lazy_compilation, lean_traces, shared_provenance

ONE, TWO = torch.ones(3), torch.full((3,), 2.0)


class Doubled(nn.Module):
    def forward(self, x):
        return torch.add(x, x)


class Squared(nn.Module):
    def forward(self, x):
        return torch.mul(x, x)


def negated(module: fx.GraphModule) -> None:
    """Edit the graph, as a pass does."""
    (output,) = module.graph.find_nodes(op="output")
    with module.graph.inserting_before(output):
        output.args = (module.graph.call_function(torch.neg, output.args),)
    module.recompile()


class Compilations:
    """How often torch generates the source of a graph, counted by its code generator."""

    def __init__(self, module: fx.GraphModule) -> None:
        self.count, generate = 0, module.graph.python_code

        def counted(*args, **kwargs):
            self.count += 1
            return generate(*args, **kwargs)

        module.graph.python_code = counted


def test_a_graph_is_compiled_when_it_is_called_as_it_then_is():
    with lazy_compilation():
        module = fx.symbolic_trace(Doubled())
        compilations = Compilations(module)
        negated(module)
        negated(module)
        negated(module)
        assert compilations.count == 0
        assert torch.equal(module(ONE), -TWO)
        assert compilations.count == 1
        module(ONE)
        assert compilations.count == 1


def test_a_graph_that_was_compiled_before_follows_its_edits():
    module = fx.symbolic_trace(Doubled())
    assert torch.equal(module(ONE), TWO)
    with lazy_compilation():
        negated(module)
    assert torch.equal(module(ONE), -TWO)


def test_its_source_is_the_one_that_torch_would_have_made():
    with lazy_compilation():
        lazy = fx.symbolic_trace(Doubled())
        negated(lazy)
    eager = fx.symbolic_trace(Doubled())
    negated(eager)
    assert lazy.code == eager.code


def test_graphs_stay_apart():
    with lazy_compilation():
        doubled, squared = fx.symbolic_trace(Doubled()), fx.symbolic_trace(Squared())
    assert torch.equal(squared(TWO), 4 * ONE)
    assert torch.equal(doubled(TWO), 4 * ONE)
    assert torch.equal(squared(4 * ONE), 16 * ONE)


def test_an_exported_module_takes_and_returns_what_it_did():
    class Named(nn.Module):
        def forward(self, left, right):
            return {"sum": left + right}

    program = torch.export.export(Named(), (ONE,), {"right": TWO})
    with lazy_compilation():
        module = program.module()
        module.recompile()
    assert torch.equal(module(ONE, right=TWO)["sum"], 3 * ONE)


def test_a_copy_of_a_graph_runs():
    with lazy_compilation():
        module = fx.symbolic_trace(Doubled())
        other = copy.deepcopy(module)
        negated(other)
    assert torch.equal(other(ONE), -TWO)
    assert torch.equal(module(ONE), TWO)


def test_the_wait_for_garbage_is_as_before():
    before = gc.get_threshold()
    with infrequent_collection():
        assert gc.get_threshold() > before
    assert gc.get_threshold() == before


def test_a_record_of_where_a_node_comes_from_stands_in_for_its_copy():
    record = NodeSource(None, "a pass")
    with shared_provenance(), shared_provenance():
        assert copy.deepcopy([record])[0] is record
    assert copy.deepcopy([record])[0] is not record


def test_all_is_as_before_after_a_failure():
    recompile, threshold = fx.GraphModule.recompile, gc.get_threshold()
    with pytest.raises(ZeroDivisionError), lean_traces():
        assert fx.GraphModule.recompile is not recompile
        1 / 0  # noqa: B018
    assert fx.GraphModule.recompile is recompile
    assert gc.get_threshold() == threshold
    assert "__deepcopy__" not in NodeSource.__dict__
