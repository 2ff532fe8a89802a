"""Folds compute on weights alone: the program says what it said before, in fewer operations."""

from collections import Counter

import pytest
import torch
from torch.export import ExportedProgram

from exporter.graphs.classifier import Classify
from exporter.models.classifier import Classifier
from exporter.models.registry import family_of
from exporter.rewrites import rewrite
from exporter.rewrites.folds import FOLDS, fold_affine, fold_constants, merge_parallel_linears
from tests.models import SMALLEST, reduced

aten = torch.ops.aten


def operators(program: ExportedProgram) -> Counter:
    return Counter(node.target for node in program.graph.nodes if node.op == "call_function")


def exported(module: torch.nn.Module, *inputs: torch.Tensor) -> ExportedProgram:
    with torch.no_grad():
        return torch.export.export(module.eval().requires_grad_(False), inputs)


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())


def classify(model: Classifier) -> Classify:
    """The graph's module, with the normalisation of the model's family."""
    family = family_of(model)
    return Classify(model, family.mean, family.std)


@pytest.fixture(scope="module", params=SMALLEST)
def programs(request: pytest.FixtureRequest) -> tuple[ExportedProgram, ExportedProgram, torch.Tensor]:
    """A reduced model's program in float64, before and after the folds, and a picture."""
    model = reduced(request.param)
    module = classify(model).double()
    picture = 255 * torch.rand(1, 3, model.image_size, model.image_size, dtype=torch.float64)
    before = exported(module, picture)
    return before, rewrite(before, FOLDS), picture


def test_folds_are_exact_in_float64(programs):
    before, after, picture = programs
    assert relative(after.module()(picture)["logits"], before.module()(picture)["logits"]) < 1e-10


def test_folds_leave_no_gather_and_no_batch_norm_behind_a_convolution(programs):
    _, after, _ = programs
    assert not operators(after)[aten.index.Tensor]
    norms = [node for node in after.graph.nodes if node.target is aten.batch_norm.default]
    assert all(node.args[0].target is not aten.conv2d.default for node in norms)


def test_folds_leave_no_unused_weight_in_the_program(programs):
    _, after, _ = programs
    assert all(node.users for node in after.graph.nodes if node.op == "placeholder")


def test_layer_norm_and_attention_stay_whole():
    model = reduced("efficientformer")
    before = exported(classify(model), torch.zeros(1, 3, model.image_size, model.image_size))
    after = rewrite(before, FOLDS)
    for operator in (aten.layer_norm.default, aten.scaled_dot_product_attention.default):
        assert operators(after)[operator] == operators(before)[operator] > 0


def test_two_heads_become_one():
    _, after, _ = two_heads()
    assert operators(after) == {aten.linear.default: 1}


def test_two_heads_become_one_exactly():
    before, after, x = two_heads()
    assert relative(after.module()(x), before.module()(x)) < 1e-10


def two_heads() -> tuple[ExportedProgram, ExportedProgram, torch.Tensor]:
    class Heads(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head, self.head_dist = torch.nn.Linear(8, 4), torch.nn.Linear(8, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.head(x) + self.head_dist(x)) / 2

    x = torch.randn(3, 8, dtype=torch.float64)
    before = exported(Heads().double(), x)
    return before, rewrite(before, (merge_parallel_linears, fold_affine)), x


def test_heads_of_different_inputs_stay_apart():
    class Heads(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(8, 4), torch.nn.Linear(8, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.a(x) + self.b(x.relu())

    x = torch.randn(3, 8)
    assert operators(rewrite(exported(Heads(), x), FOLDS))[aten.linear.default] == 2


@pytest.mark.parametrize("shape", [(6, 1, 1), (1, 6, 1, 1), (1,), ()])
def test_a_factor_for_each_channel_folds_into_the_convolution(shape):
    before, after, x = scaled_convolution(shape)
    assert operators(after) == {aten.conv2d.default: 1}
    assert relative(after.module()(x), before.module()(x)) < 1e-10


@pytest.mark.parametrize("shape", [(5,), (5, 1), (6, 5, 5)])
def test_a_factor_that_varies_over_the_picture_does_not_fold(shape):
    before, after, x = scaled_convolution(shape)
    assert operators(after)[aten.mul.Tensor] == 1
    assert relative(after.module()(x), before.module()(x)) < 1e-10


def scaled_convolution(shape: tuple[int, ...]) -> tuple[ExportedProgram, ExportedProgram, torch.Tensor]:
    class Scaled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 6, 3, padding=1, bias=False)
            self.gain = torch.nn.Parameter(torch.rand(shape) + 0.5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.gain * self.conv(x)

    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    before = exported(Scaled().double(), x)
    return before, rewrite(before, FOLDS), x


def test_a_convolution_that_something_else_reads_keeps_its_weights():
    class Shared(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 6, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return y * 3 + y.relu()

    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    before = exported(Shared().double(), x)
    after = rewrite(before, FOLDS)
    assert relative(after.module()(x), before.module()(x)) < 1e-10


def test_dividing_by_a_layer_is_not_dividing_the_layer():
    class Reciprocal(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.top = torch.nn.Linear(4, 4), torch.nn.Parameter(torch.ones(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.top / self.linear(x)

    x = torch.randn(2, 4, dtype=torch.float64)
    before = exported(Reciprocal().double(), x)
    assert relative(rewrite(before, FOLDS).module()(x), before.module()(x)) < 1e-10


def test_constants_are_computed_once():
    class Table(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Parameter(torch.randn(2, 4))
            self.register_buffer("index", torch.tensor([[0, 1], [3, 2]]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.table[:, self.index][None]

    x = torch.randn(1, 2, 2, 2)
    before = exported(Table(), x)
    after = rewrite(before, (fold_constants,))
    assert operators(after) == {aten.add.Tensor: 1}
    assert torch.equal(after.module()(x), before.module()(x))


def test_a_strided_depthwise_convolution_takes_in_its_shortcut():
    class Shortcut(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x) + x[:, :, ::2, ::2]

    x = torch.randn(1, 4, 6, 8, dtype=torch.float64)
    before = exported(Shortcut().double(), x)
    after = rewrite(before, FOLDS)
    assert operators(after) == {aten.conv2d.default: 1}
    assert relative(after.module()(x), before.module()(x)) < 1e-10


@pytest.mark.parametrize(
    "function",
    [
        lambda conv, x: conv(x) + x[:, :, 1::2, ::2],
        lambda conv, x: conv(x) + x[:, :, ::2, ::2].relu(),
        lambda conv, x: conv(x) + (x + 1)[:, :, ::2, ::2],
    ],
    ids=["another pixel", "after an activation", "of another input"],
)
def test_another_shortcut_stays(function):
    class Shortcut(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return function(self.conv, x)

    x = torch.randn(1, 4, 6, 8, dtype=torch.float64)
    before = exported(Shortcut().double(), x)
    after = rewrite(before, FOLDS)
    assert operators(after)[aten.slice.Tensor] == operators(before)[aten.slice.Tensor]
    assert relative(after.module()(x), before.module()(x)) < 1e-10


class Unusual(torch.nn.Module):
    """A layer and what follows it, where a careless fold would change the result."""

    def __init__(self, layer: torch.nn.Module, after: torch.nn.Module) -> None:
        super().__init__()
        self.layer, self.after = layer, after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self.layer(x))


class Times(torch.nn.Module):
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.rand(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


@pytest.mark.parametrize(
    ("layer", "after", "shape"),
    [
        (torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), (2, 5, 4)),  # normalises tokens, not the layer's outputs
        (torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4, affine=False), (2, 3, 5, 5)),
        (torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4, track_running_stats=False), (2, 3, 5, 5)),
        (torch.nn.Conv2d(3, 5, 1), Times(5, 1), (3, 5, 5)),  # an unbatched map: the factor runs over rows
        (torch.nn.Conv2d(3, 1, 1), Times(6, 1, 1), (2, 3, 5, 5)),  # broadcasts one channel to six
        (torch.nn.Linear(4, 1), Times(6), (2, 4)),
    ],
    ids=["norm of tokens", "norm without weights", "norm of the batch", "unbatched", "one channel", "one output"],
)
def test_unusual_neighbours_keep_their_meaning(layer, after, shape):
    x = torch.randn(shape, dtype=torch.float64)
    module = Unusual(layer, after).double()
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 2)
    before = exported(module, x)
    assert relative(rewrite(before, FOLDS).module()(x), before.module()(x)) < 1e-10


def test_random_numbers_are_not_constants():
    class Noise(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.rand_like(self.weight)

    x = torch.zeros(64)
    after = rewrite(exported(Noise(), x), FOLDS).module()
    assert not torch.equal(after(x), after(x))
