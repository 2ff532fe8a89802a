"""Core ML packages with fewer bits: how small, how near to PyTorch, and what stays as it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import coremltools as ct
import numpy as np
import pytest
import torch
from torch import nn

from exporter import mil
from exporter.backends import coreml
from exporter.backends.coreml import BACKEND
from exporter.backends.interface import Lowered, LowerOptions
from exporter.errors import BackendError
from exporter.graphs.capture import Graph, capture
from exporter.manifest import TensorSpec
from exporter.operations.relative_error import relative_error
from exporter.quantise.observed import Range
from exporter.quantise.scheme import Integers, Scheme

IMAGE = TensorSpec(
    name="image", shape=(1, 3, 16, 16), dtype="float32", layout="NCHW", kind="image", meaning="pixels, 0-255"
)
LOGITS = TensorSpec(name="logits", shape=(1, 64), dtype="float32", layout="NC", kind="class_scores", meaning="scores")

SYMMETRIC = Integers(symmetric=True)
PICTURES = np.random.default_rng(0).uniform(0, 255, (5, 1, 3, 16, 16)).astype(np.float32)
CALIBRATION = [{"image": picture} for picture in PICTURES[1:]]
GIVEN = {"image": PICTURES[0]}


class Net(nn.Module):
    """Convolutions of several sizes, two maps that are joined, a sum, a mean and a product."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.left, self.right = nn.Conv2d(3, 32, 4, 4), nn.Conv2d(32, 64, 3, padding=1), nn.Conv2d(32, 64, 1)
        self.mixed, self.classes = nn.Conv2d(128, 128, 3, padding=1), nn.Linear(128, 64)

    def forward(self, image):
        x = self.stem(image / 255).relu()
        x = torch.cat([self.left(x), self.right(x)], 1)
        return {"logits": self.classes((x + self.mixed(x)).mean((2, 3)))}


def graph_with(edit: Callable[[Net], object] = lambda net: None) -> Graph:
    """The net with weights that are normally distributed, but for what is edited."""
    torch.manual_seed(0)
    net = Net().eval().requires_grad_(False)
    for parameter in net.parameters():
        parameter.normal_(std=parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1)
    edit(net)
    return capture("net", net, (IMAGE,), (LOGITS,))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_with()


@dataclass(frozen=True)
class Made:
    path: Path
    lowered: Lowered

    @property
    def bytes(self) -> int:
        return (self.path / "Data/com.apple.CoreML/weights/weight.bin").stat().st_size

    @property
    def program(self) -> mil.Program:
        return mil.load(self.path)

    @property
    def steps(self) -> dict[str, float]:
        """Value -> the step of its integers, but of sums, which coremltools has in steps of a summand."""
        program = self.program
        found = {one.parameters["input"]: one.parameters["scale"] for one in of_kind(program, "quantize")}
        sums = {one.results[0].name for one in of_kind(program, "add")}
        return {str(name): float(program.constants[str(scale)]) for name, scale in found.items() if name not in sums}


def of_kind(program: mil.Program, *kinds: str) -> list[mil.Operation]:
    return [operation for operation in program.operations if operation.kind in kinds]


def read_by_matrices(program: mil.Program) -> list[tuple[str, str]]:
    """Of convolutions and products: the kinds, and those of what made their inputs."""
    made = {one.name: operation.kind for operation in program.operations for one in operation.results}
    return [(one.kind, made[str(one.parameters["x"])]) for one in of_kind(program, "conv", "linear")]


@pytest.fixture(scope="module")
def full(graph, tmp_path_factory) -> dict[int, Made]:
    """The package in half precision, by the oldest iOS."""
    folder = tmp_path_factory.mktemp("full")
    options = {ios: LowerOptions("fp16", min_ios=ios) for ios in (16, 17, 18)}
    return {
        ios: Made(folder / f"{ios}.mlpackage", coreml.lower(graph, folder / f"{ios}.mlpackage", one))
        for ios, one in options.items()
    }


@pytest.fixture
def made(graph, full, tmp_path):
    def make(precision, ios=17, **options) -> Made:
        path = tmp_path / f"{precision}-{ios}.mlpackage"
        options = {"calibration": CALIBRATION, "full": full[ios].path, **options}
        return Made(path, coreml.lower(graph, path, LowerOptions(precision, min_ios=ios, **options)))

    return make


def sqnr(graph: Graph, made: Made) -> float:
    """Of the logits against PyTorch's, in dB."""
    expected = graph.module(torch.from_numpy(GIVEN["image"]))["logits"].numpy()
    error = coreml.load(made.path)(GIVEN)["logits"] - expected
    return float(10 * np.log10(np.square(expected).sum() / np.square(error).sum()))


PROMISED = {"w8": (0.52, 35), "w8a8": (0.53, 25), "palette6": (0.42, 25), "palette4": (0.30, 15), "sparse": (0.95, 20)}
"""Precision -> the most bytes of fp16's weights, and the least dB"""


MADE_FOR = [
    (precision, ios) for precision in PROMISED for ios in (16, 17, 18) if ios >= BACKEND.since.get(precision, 16)
]


@pytest.mark.parametrize(("precision", "ios"), MADE_FOR)
def test_a_package_is_as_small_as_promised_and_near_to_pytorch(graph, full, made, precision, ios):
    found, (share, noise) = made(precision, ios), PROMISED[precision]
    assert found.bytes < share * full[ios].bytes
    assert sqnr(graph, full[ios]) > sqnr(graph, found) > noise
    assert coreml.inspect(found.path, *found.lowered.signature(graph)) == "inputs and outputs match"
    assert ct.utils.load_spec(str(found.path)).specificationVersion == getattr(ct.target, f"iOS{ios}").value
    assert coreml.load(found.path).runtime.endswith("in half precision")


def test_every_precision_that_is_made_by_quantising_is_promised_something():
    assert {*BACKEND.schemes, "fp16", "fp32"} == set(BACKEND.precisions)
    assert set(PROMISED) == set(BACKEND.schemes)


def test_without_a_package_in_full_one_is_written_first(graph, made):
    direct, of_full = made("palette4", full=None), made("palette4")
    assert direct.lowered == of_full.lowered
    outputs = [coreml.load(one.path)(GIVEN)["logits"] for one in (direct, of_full)]
    np.testing.assert_array_equal(*outputs)


def test_what_has_fewer_bits_is_said_and_counted(made):
    lowered = made("w8a8").lowered
    weights, values = (lowered.operators[kind] for kind in ("constexpr_affine_dequantize", "quantize"))
    assert weights == 3
    said = f"3 of 3 weights are integers of 8 bits; {values} values are rounded to integers of 8 bits"
    assert lowered.quantised == said


def test_the_smallest_weights_have_longer_palettes_and_those_that_would_save_little_have_none(made):
    program = made("palette4").program
    weights = [program.constants[str(one.parameters["weight"])] for one in of_kind(program, "conv", "linear")]
    stem, right, classes, left, mixed = sorted(weights, key=torch.numel)
    assert (right.numel(), classes.numel()) == (2048, 8192)
    assert len(stem.unique()) > 1000 < len(right.unique())
    assert [len(weight.unique()) for weight in (classes, left, mixed)] == [64, 16, 16]


def zeros(net: Net) -> None:
    """Dead channels have no step, and a layer that was never trained has no palette and no smallest numbers."""
    net.mixed.weight[:64] = 0
    net.left.weight[:] = 0


def faint(net: Net) -> None:
    """A branch that hardly adds to what it is added to."""
    net.mixed.weight *= 2e-4
    net.mixed.bias[:] = 0


def silent(net: Net) -> None:
    """A branch that adds nothing, as it begins in training."""
    net.mixed.weight[:] = 0
    net.mixed.bias[:] = 0


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("edit", [zeros, faint, silent])
def test_what_is_almost_nothing_does_no_harm(tmp_path, edit):
    graph = graph_with(edit)
    full = tmp_path / "full.mlpackage"
    coreml.lower(graph, full, LowerOptions("fp16"))
    for precision, (_, noise) in PROMISED.items():
        path = tmp_path / f"{precision}.mlpackage"
        lowered = coreml.lower(graph, path, LowerOptions(precision, full=full, calibration=CALIBRATION))
        assert sqnr(graph, Made(path, lowered)) > noise, precision


def sparse(net: Net) -> None:
    """Three quarters of the largest weight were trained to be nothing."""
    weight = net.mixed.weight
    weight[weight.abs() < weight.abs().flatten().kthvalue(3 * weight.numel() // 4).values] = 0


def test_of_a_weight_that_was_trained_to_be_sparse_no_zero_is_kept(tmp_path):
    graph, path = graph_with(sparse), tmp_path / "sparse.mlpackage"
    found = Made(path, coreml.lower(graph, path, LowerOptions("sparse")))
    assert found.bytes < 0.45 * 2 * sum(parameter.numel() for parameter in graph.module.parameters())
    assert sqnr(graph, found) > 25


def test_ranges_are_those_of_the_calibration_and_joined_maps_have_one(full, made):
    reached = dict[str, float]()
    for given in CALIBRATION:
        for operation, results in mil.steps(full[17].program, given, "fp32"):
            for one, result in zip(operation.results, results, strict=True):
                reached[one.name] = max(reached.get(one.name, 0), float(result.abs().max()))
    (joined,) = of_kind(full[17].program, "concat")
    together = [*joined.parameters["values"], joined.results[0].name]
    reached |= dict.fromkeys(together, max(reached[name] for name in together))
    steps = made("w8a8", scheme=Scheme(activations="static", integers=SYMMETRIC)).steps
    assert set(together) < set(steps)
    for name, step in steps.items():
        assert step == pytest.approx(2 * reached[name] / 254, rel=2e-3), name


@pytest.mark.parametrize(
    ("low", "high", "step"), [(-3, 1, 3 / 127), (0, 0, 2**-16 / 127), (-1e6, 1e6, 32000 / 127)], ids=str
)
def test_a_range_is_read_as_the_scheme_says_within_what_half_precision_can_halve_and_double(made, low, high, step):
    found = made("w8a8", scheme=Scheme(activations="static", integers=SYMMETRIC, reading=lambda _: Range(low, high)))
    assert {*found.steps.values()} == {float(np.float16(step))}
    assert np.isfinite(coreml.load(found.path)(GIVEN)["logits"]).all()


def test_operators_that_are_kept_are_given_what_they_were_and_keep_their_weights(full, made):
    kept = made("w8a8", ios=18, scheme=Scheme(activations="static", integers=SYMMETRIC, kept=("^logits$", "^conv2d_3")))
    assert read_by_matrices(kept.program) == [("conv", "dequantize")] * 3 + [
        ("conv", "concat"),
        ("linear", "reduce_mean"),
    ]
    assert kept.lowered.operators["constexpr_blockwise_shift_scale"] == 1
    assert {kind for _, kind in read_by_matrices(made("w8a8").program)} == {"dequantize"}


def test_operators_of_other_kinds_than_the_schemes_are_kept(made):
    scheme = Scheme(kinds=("linear",), activations="static", integers=SYMMETRIC)
    found = made("w8a8", scheme=scheme)
    assert found.lowered.operators["constexpr_affine_dequantize"] == 1
    assert [one for one, kind in read_by_matrices(found.program) if kind == "dequantize"] == ["linear"]


class Twice(nn.Module):
    """Gives a map that it also reads, as trackers do."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 64, 4, 4), nn.Conv2d(64, 64, 3, padding=1)

    def forward(self, image):
        x = self.first(image / 255).relu()
        return {"map": x, "next": self.second(x)}


def test_what_is_given_and_also_read_is_not_rounded_to_integers(tmp_path):
    torch.manual_seed(0)
    maps = [LOGITS.model_copy(update={"name": name, "shape": (1, 64, 4, 4)}) for name in ("map", "next")]
    graph = capture("twice", Twice().eval().requires_grad_(False), (IMAGE,), tuple(maps))
    made = {}
    for precision in ("fp16", "w8a8"):
        path = tmp_path / f"{precision}.mlpackage"
        coreml.lower(graph, path, LowerOptions(precision, calibration=CALIBRATION))
        made[precision] = coreml.load(path)(GIVEN)
    assert len(np.unique(made["w8a8"]["map"])) > 256
    assert relative_error(made["w8a8"]["map"], made["fp16"]["map"]) < 0.01
    assert 0 < relative_error(made["w8a8"]["next"], made["fp16"]["next"]) < 0.05


@pytest.mark.parametrize("rule", [{"kept": ("^no_such",)}, {"kinds": ("einsum",)}])
def test_a_rule_that_matches_nothing_is_refused(made, rule):
    with pytest.raises(BackendError, match=r"^17\.mlpackage has no"):
        made("w8", scheme=replace(BACKEND.schemes["w8"], **rule))


def test_integer_activations_are_refused_where_they_cannot_be_had(made):
    with pytest.raises(BackendError, match=r"^w8a8 needs .* iOS 17: pass --min-os 17"):
        made("w8a8", ios=16)
    with pytest.raises(BackendError, match="calibration inputs, and there are none"):
        made("w8a8", calibration=())
    with pytest.raises(BackendError, match="no ranges of each run"):
        made("w8a8", scheme=Scheme(activations="dynamic"))


@pytest.mark.parametrize("precision", ["w8a8", "palette6"])
def test_nothing_is_printed(made, capfd, precision):
    made(precision)
    assert capfd.readouterr() == ("", "")
