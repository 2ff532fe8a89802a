"""Quantises a program for XNNPACK, by ExecuTorch's quantiser, with ranges that are observed here.

After the rewrites for XNNPACK, not before: what they take apart would be converted back and forth between its pieces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exporter.backends.runner import Arrays
from exporter.errors import BackendError
from exporter.operations.last import last
from exporter.operations.normalisation import NormKinds, normalisations
from exporter.quantise.observed import Observed, affine
from exporter.quantise.scheme import Activations, Scheme

if TYPE_CHECKING:
    from torch import Tensor, fx
    from torch.export import ExportedProgram


def quantised(
    program: ExportedProgram, example: dict[str, Tensor], scheme: Scheme, calibration: Sequence[Arrays]
) -> ExportedProgram:
    """A program with fewer bits; `scheme.kinds` are ATen's overloads, such as "conv2d.default".

    Raises `BackendError` for a scheme that XNNPACK has not, or of which a rule matches nothing.
    """
    import torch
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import ComposableQuantizer

    from exporter.operations.of_program import module_of, operator_name

    if scheme.weights != "linear" or scheme.activations is None or scheme.weights_only:
        raise BackendError("executorch quantises weights with their activations only: take int8.")
    scheme.refuse_activations("executorch", Activations(8, symmetric=False))
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    kinds = [operator_name(node).removeprefix("aten.") for node in calls]
    scheme.refuse_unmatched("The program for XNNPACK", kinds, map(module_of, calls))
    end, numbers = (_end(program), _normalising(program)) if scheme.calibrated else (frozenset(), frozenset())
    before = _quantizer(scheme, lambda node: node.name not in end | numbers and not scheme.keeps(module_of(node)))
    dynamic = _DYNAMIC if set(_DYNAMIC.kinds) <= set(scheme.kinds) else replace(_DYNAMIC, kinds=())
    after = _quantizer(dynamic, lambda node: node.name in end and not scheme.keeps(module_of(node)))
    runs = [{name: torch.from_numpy(value) for name, value in inputs.items()} for inputs in calibration]
    if not scheme.calibrated:
        runs = [example]  # weights are seen when they are used
    prepared = prepare_pt2e(program.module(check_guards=False), ComposableQuantizer([before, after]))
    with torch.no_grad():
        for inputs in runs:
            prepared(**inputs)
        converted = _without_unused(convert_pt2e(prepared))
        _keep_ranges_of_what_moves(converted)
        _convert_for_each_reader(converted)
        return torch.export.export(converted, (), example)


def _quantizer(scheme: Scheme, wanted: Callable[[fx.Node], bool]) -> Any:
    """XNNPACK's, for operators that are `wanted`."""
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer

    quantizer, config = XNNPACKQuantizer(), _config(scheme)
    for kind in scheme.kinds:
        packet, _, overload = kind.partition(".")
        quantizer.set_operator_type(getattr(getattr(torch.ops.aten, packet), overload), config)
    return quantizer.set_filter_function(lambda node: _is_wanted(node) and wanted(node))


_DYNAMIC = Scheme(("linear.default",), activations="dynamic")
"""Of a last product. Rounded, what comes last would lose as much as all before it."""


def _end(program: ExportedProgram) -> frozenset[str]:
    """What comes last, by name, but for convolutions, which XNNPACK has with fixed ranges alone."""
    from exporter.operations.of_program import operations

    convolution, linear = "aten.conv2d.default", "aten.linear.default"
    found = last(list(operations(program)), (convolution, linear))
    return frozenset(one.name for one in found if one.kind != convolution)


def _normalising(program: ExportedProgram) -> frozenset[str]:
    """What normalises, by name."""
    from exporter.operations.of_program import operations

    return frozenset(one.name for one in normalisations(list(operations(program)), _NORMS))


def _without_unused(module: fx.GraphModule) -> fx.GraphModule:
    """A module without the weights that were quantised: it would hold them, and the file too, beside their integers."""
    used = {str(node.target) for node in module.graph.nodes if node.op == "get_attr"}
    for name in [name for named in (module.named_parameters(), module.named_buffers()) for name, _ in named]:
        if name not in used:
            parent, _, leaf = name.rpartition(".")
            delattr(module.get_submodule(parent), leaf)
    return module


_MOVES = (
    "aten.expand.default", "aten.permute.default", "aten.reshape.default", "aten.slice.Tensor", "aten.squeeze.dim",
    "aten.transpose.int", "aten.unsqueeze.default", "aten.view.default",
)  # fmt: skip
_NORMS = NormKinds(
    "aten.rsqrt.default",
    ("aten.sub.Tensor",),
    ("aten.add.Tensor", "aten.mul.Tensor", "aten.sub.Tensor"),
    tuple(kind for kind in _MOVES if kind != "aten.slice.Tensor"),
)
_PADS = ("aten.constant_pad_nd.default", "aten.pad.default")


def _moves(node: fx.Node) -> bool:
    """Whether a call computes nothing; zeros, which are in every range, may come beside what is moved."""
    return _called(node) in _MOVES or _pads(node)


def _pads(node: fx.Node) -> bool:
    return _called(node) in _PADS and not any(isinstance(one, int | float) and one for one in node.args[2:])


def _called(node: fx.Node) -> str:
    from exporter.operations.of_program import operator_name

    return operator_name(node) if node.op == "call_function" else ""


def _keep_ranges_of_what_moves(module: fx.GraphModule) -> None:
    """Let integers that only move stay what they are.

    A slice has a narrower range than what it is of. XNNPACK has no slice and no padding between two ranges, nor a
    padding of integers to numbers, and the file would not load; to round what is rounded would only lose.
    """
    import torch

    ops = torch.ops.quantized_decomposed
    to_integers, to_numbers = ops.quantize_per_tensor.default, ops.dequantize_per_tensor.default

    def range_of(moved: Any) -> tuple[Any, ...] | None:
        while _moves(moved):
            moved = moved.args[0]
        return tuple(moved.args[1:]) if moved.target is to_numbers else None

    padded = set()
    for node in list(module.graph.nodes):
        if _pads(node) and (known := range_of(node)):
            with module.graph.inserting_after(node):
                integers = module.graph.call_function(to_integers, (node, *known))
            with module.graph.inserting_after(integers):
                numbers = module.graph.call_function(to_numbers, (integers, *known))
            node.replace_all_uses_with(numbers, lambda reader, own=integers: reader is not own)
            padded.add(numbers)
        elif (
            node.target is to_integers
            and (_moves(node.args[0]) or node.args[0] in padded)
            and (known := range_of(node.args[0]))
        ):
            for one in (node, *node.users):
                one.args = (one.args[0], *known)
    module.recompile()


def _convert_for_each_reader(module: fx.GraphModule) -> None:
    """Give each reader of integers their conversion to numbers: XNNPACK drops one whose first reader takes integers."""
    import torch

    for node in list(module.graph.nodes):
        if node.target is torch.ops.quantized_decomposed.dequantize_per_tensor.default:
            for reader in list(node.users)[1:]:
                with module.graph.inserting_before(node):
                    reader.replace_input_with(node, module.graph.node_copy(node))
    module.recompile()


def quantised_calls(program: ExportedProgram) -> str:
    """How many operators of a program take what was in integers before, and which, in words."""
    from exporter.operations.of_program import operator_name

    calls = [node for node in program.graph.nodes if node.op == "call_function" and not _converts(node)]
    narrow = [node for node in calls if any(_converts(given) for given in node.all_input_nodes)]
    kinds = Counter(operator_name(node).removeprefix("aten.").partition(".")[0] for node in narrow)
    census = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{len(narrow)} of {len(calls)} operators have integers: {census}"


def _converts(node: fx.Node) -> bool:
    """Whether a call is between numbers and integers."""
    return getattr(node.target, "namespace", "") in ("quantized_decomposed", "torchao")


def _is_wanted(node: fx.Node) -> bool:
    """Whether an operator is more than a mean, which some rewrites make a linear layer of one output."""
    if getattr(node.target, "__name__", "") != "linear.default":
        return True
    weight: Any = node.args[1]
    return bool(weight.meta["val"].shape[0] > 1)


def _config(scheme: Scheme) -> Any:
    """XNNPACK's own, but for what it reads ranges off and for the least scale.

    It has none below 2^-12, for which the weights of a channel that are all below 0.03 lose bits.
    """
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import get_symmetric_quantization_config
    from torchao.quantization.pt2e.observer import PerChannelMinMaxObserver

    most = 2 ** (scheme.bits - 1) - 1
    config = get_symmetric_quantization_config(
        is_per_channel=True, is_dynamic=not scheme.calibrated, weight_qmin=-most, weight_qmax=most
    )
    weight = replace(config.weight, observer_or_fake_quant_ctr=PerChannelMinMaxObserver.with_args(eps=_LEAST_SCALE))
    if not scheme.calibrated:
        return replace(config, weight=weight)
    activation = replace(config.input_activation, observer_or_fake_quant_ctr=_observer().with_args(scheme=scheme))
    return replace(config, input_activation=activation, output_activation=activation, weight=weight)


_LEAST_SCALE = 2.0**-30


def _observer() -> Any:
    """The class of what the toolchain puts behind every value to see it pass."""
    import torch
    from torchao.quantization.pt2e.observer import ObserverBase

    class _Observer(ObserverBase):  # type: ignore[misc]
        def __init__(self, scheme: Scheme, dtype: Any = torch.int8, is_dynamic: bool = False, **_: Any) -> None:
            super().__init__(dtype=dtype, is_dynamic=is_dynamic)
            self.seen, self.reading = Observed(), scheme.reading
            self.quant_min, self.quant_max, self.qscheme = -128, 127, torch.per_tensor_affine

        def forward(self, values: Tensor) -> Tensor:
            self.seen.add(values.detach().numpy())
            return values

        def calculate_qparams(self) -> tuple[Tensor, Tensor]:
            how = affine(self.reading(self.seen))
            return torch.tensor([how.scale], dtype=torch.float32), torch.tensor([how.zero_point], dtype=torch.int64)

    return _Observer
