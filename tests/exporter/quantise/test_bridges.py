"""Bridges are where values change between maps and tokens, as many as the paper counts."""

import pytest

from exporter.graphs.cut import every_frame
from exporter.models.registry import create_model
from exporter.quantise.bridges import bridges


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("mobilevit_xxs", [(32, 32), (16, 16), (8, 8)]),
        ("mobilevitv2_050", [(32, 32), (16, 16), (8, 8)]),
        ("efficientformer_l1", [(7, 7)]),
        ("efficientformerv2_s0", [(7, 7), (14, 14)]),
    ],
)
def test_each_architecture_has_as_many_as_the_paper_says(name, sizes):
    (graph,) = every_frame(create_model(name).eval())
    found = bridges(graph.program.module(check_guards=False).graph)
    assert [bridge.size for bridge in found] == sizes
    assert all(len(bridge.layers) >= 2 and bridge.outputs for bridge in found)
