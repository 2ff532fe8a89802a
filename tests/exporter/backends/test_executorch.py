"""ExecuTorch programs: named inputs and outputs, delegates, the process-wide thread pool."""

import numpy as np
import pytest
import torch

from exporter.backends import executorch
from exporter.backends.interface import LowerOptions, NotExecutableError
from exporter.errors import BackendError
from exporter.graphs.capture import capture
from exporter.manifest import TensorSpec, Variant
from exporter.verify.artifact import verify
from exporter.verify.case import Case
from tests.models import SMALLEST, classifier_graph


@pytest.fixture(scope="module")
def graph():
    return classifier_graph("efficientformer")


@pytest.fixture(scope="module")
def for_apple(graph, tmp_path_factory):
    path = tmp_path_factory.mktemp("executorch") / "classify.pte"
    return path, executorch.lower(graph, path, LowerOptions("fp32", delegate="coreml"))


def test_the_core_ml_delegate_takes_the_whole_program(for_apple):
    _, lowered = for_apple
    delegation = lowered.delegation
    assert (delegation.delegate, delegation.pieces, delegation.operators, delegation.macs) == ("coreml", 1, 1, 1)
    assert lowered.min_os == "iOS17"


def test_a_core_ml_delegated_program_is_checked_and_not_executed_here(graph, for_apple):
    path, _ = for_apple
    with pytest.raises(NotExecutableError, match="delegated to Core ML"):
        executorch.load(path)
    verdict = verify(
        Case(Variant("executorch", "fp32", "coreml"), "classify", path, graph.inputs, graph.outputs, {}, {})
    )
    assert verdict.status == "not executed"
    assert "inputs and outputs match" in verdict.detail


@pytest.mark.parametrize("change", [{"name": "scores"}, {"shape": (1, 7)}])
def test_inspection_compares_names_and_shapes(graph, for_apple, change):
    path, _ = for_apple
    (logits,) = graph.outputs
    with pytest.raises(BackendError, match="has inputs and outputs image FLOAT"):
        executorch.inspect(path, graph.inputs, [logits.model_copy(update=change)])


def test_a_program_whose_operator_has_no_kernel_has_failed(tmp_path):
    class Scatter(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            index = torch.zeros(1, 4, dtype=torch.int64)
            return {"y": torch.zeros(1, 4).scatter_reduce(1, index, x, "amax", include_self=False)}

    x = TensorSpec(name="x", shape=(1, 4), dtype="float32", layout="NC", kind="features", meaning="")
    y = x.model_copy(update={"name": "y"})
    scatter = capture("scatter", Scatter(), (x,), (y,))
    executorch.lower(scatter, tmp_path / "scatter.pte", LowerOptions("fp32"))
    values = np.ones((1, 1, 4), np.float32)
    variant = Variant("executorch", "fp32", "xnnpack")
    verdict = verify(Case(variant, "scatter", tmp_path / "scatter.pte", (x,), (y,), {"x": values}, {"y": values}))
    assert verdict.status == "failed"
    assert "does not run" in verdict.detail


@pytest.mark.parametrize("family", SMALLEST)
def test_xnnpack_takes_every_family_whole(bundles, family):
    artifact = bundles[family].artifact("executorch", "classify")
    assert artifact.delegation.delegate == "xnnpack"
    assert artifact.delegation.macs > 0.98, artifact.delegation.outside
    assert artifact.delegation.operators > 0.98, artifact.delegation.outside
    assert artifact.delegation.pieces <= 3


def test_a_plain_conversion_says_what_breaks_the_delegate_and_where(tmp_path):
    graph = classifier_graph("mobilevit")
    delegation = executorch.lower(graph, tmp_path / "plain.pte", LowerOptions("fp32", rewrites=())).delegation
    assert delegation.pieces > 10
    assert delegation.operators < 0.9
    (norm,) = [outside for outside in delegation.outside if outside.operator == "aten.native_layer_norm.default"]
    assert (norm.count, norm.macs) == (9, 0)
    assert "model.stages.2.1.transformer.0.norm1" in norm.where


def test_the_census_counts_what_is_inside_the_delegate_too(bundles):
    operators = bundles["efficientformer"].artifact("executorch", "classify").operators
    assert operators["aten.convolution.default"] == 33


def test_threads_set_the_pool_of_the_whole_process(bundles):
    from executorch.extension.pybindings import portable_lib

    for threads in (1, 2):
        bundles["mobilevit"].runner("executorch", "classify", threads=threads)
        assert portable_lib._threadpool_get_thread_count() == threads
