"""What ExecuTorch's XNNPACK delegate needs said differently."""

import torch

from exporter.rewrites import rewrite
from exporter.rewrites.xnnpack import XNNPACK, flatten_softmax

aten = torch.ops.aten


class Softmax(torch.nn.Module):
    def __init__(self, axis: int) -> None:
        super().__init__()
        self.conv, self.axis = torch.nn.Conv2d(4, 4, 1), axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x).softmax(self.axis)


def softmax_inputs(axis: int) -> tuple[list[torch.Size], bool]:
    """Shapes that a softmax sees after the rewrite, and whether the result stayed the same to the bit."""
    x = torch.randn(1, 4, 5, 7)
    before = torch.export.export(Softmax(axis).eval(), (x,))
    after = rewrite(before, (flatten_softmax,))
    shapes = [n.args[0].meta["val"].shape for n in after.graph.nodes if n.target is aten.softmax.int]
    return shapes, torch.equal(after.module()(x), before.module()(x))


def test_softmax_over_the_last_axis_of_a_map_becomes_rank_three_and_stays_the_same():
    assert softmax_inputs(-1) == ([torch.Size([4, 5, 7])], True)


def test_softmax_over_another_axis_is_left_alone():
    assert softmax_inputs(1) == ([torch.Size([1, 4, 5, 7])], True)


class Norm(torch.nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.norm = torch.nn.GroupNorm(groups, 6)
        torch.nn.init.normal_(self.norm.weight)
        torch.nn.init.normal_(self.norm.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


def norm_operators(groups: int) -> tuple[set[object], float]:
    """Operators after the rewrites, and the relative change of the result in float64."""
    x = torch.randn(2, 6, 4, 5, dtype=torch.float64)
    before = torch.export.export(Norm(groups).double().eval().requires_grad_(False), (x,))
    after = rewrite(before, XNNPACK)
    expected, actual = before.module()(x), after.module()(x)
    operators = {node.target for node in after.graph.nodes if node.op == "call_function"}
    return operators, float((actual - expected).abs().max() / expected.abs().max())


def test_group_norm_of_one_group_becomes_a_layer_norm_and_stays_the_same():
    operators, change = norm_operators(groups=1)
    assert operators == {aten.reshape.default, aten.layer_norm.default, aten.mul.Tensor, aten.add.Tensor}
    assert change < 1e-10


def test_group_norm_of_several_groups_is_left_alone():
    assert norm_operators(groups=2) == ({aten.group_norm.default}, 0)
