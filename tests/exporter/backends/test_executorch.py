"""ExecuTorch programs: named inputs and outputs, delegates, the process-wide thread pool."""

import pytest

from exporter.backends import LowerOptions, NotExecutableError, executorch
from exporter.graphs.classifier import classifier_graphs
from exporter.verify import verify
from tests.models import reduced


@pytest.fixture(scope="module")
def graph():
    return classifier_graphs(*reduced("efficientformer"))[0]


@pytest.fixture(scope="module")
def for_apple(graph, tmp_path_factory):
    path = tmp_path_factory.mktemp("executorch") / "classify.pte"
    return path, executorch.lower(graph, path, LowerOptions("fp32", delegate="coreml"))


def test_the_core_ml_delegate_takes_the_whole_program(for_apple):
    _, lowered = for_apple
    assert lowered.delegation.delegate == "coreml"
    assert (lowered.delegation.pieces, lowered.delegation.share) == (1, 1.0)


def test_a_core_ml_delegated_program_is_not_executed_here(graph, for_apple):
    path, _ = for_apple
    with pytest.raises(NotExecutableError, match="delegate that this machine lacks"):
        executorch.load(path)
    verdict = verify("executorch", path, "fp32", graph.inputs, graph.outputs, {}, {})
    assert verdict.status == "not executed"


def test_delegation_counts_nodes_and_pieces(bundles):
    delegation = bundles["efficientformer"].artifact("executorch", "classify").delegation
    assert delegation.delegate == "xnnpack"
    assert 0.5 < delegation.share < 1
    assert delegation.pieces > 1


def test_threads_set_the_pool_of_the_whole_process(bundles):
    from executorch.extension.pybindings import portable_lib

    for threads in (1, 2):
        bundles["mobilevit"].runner("executorch", "classify", threads=threads)
        assert portable_lib._threadpool_get_thread_count() == threads
