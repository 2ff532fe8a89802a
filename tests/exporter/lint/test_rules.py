"""Every rule is triggered by the smallest model that has its hazard, and not by the one beside it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from exporter.backends import FORMATS, LowerOptions, backend
from exporter.graphs.capture import Graph
from exporter.lint import findings
from exporter.lint.rules import CHECKS, rules
from exporter.lint.subject import Subject, of_program
from exporter.manifest import TensorSpec
from tests.exporter.lint.examples import EXAMPLES, Example


class Model(nn.Module):
    """A function, or a module, as a graph of named inputs and one output."""

    def __init__(self, compute: object) -> None:
        super().__init__()
        self.compute = compute

    def forward(self, x, second=None, third=None) -> dict[str, torch.Tensor]:
        return {"y": self.compute(*(given for given in (x, second, third) if given is not None))}


def graph_of(example: Example) -> Graph:
    inputs = tuple(
        TensorSpec(name=name, shape=shape, dtype="float32", layout="N" * len(shape), meaning="numbers")
        for name, shape in zip(("x", "second", "third"), example.shapes, strict=False)
    )
    module = Model(example.compute).eval().requires_grad_(False)
    tensors = {spec.name: torch.zeros(spec.shape) for spec in inputs}
    dynamic = {spec.name: example.dynamic if spec.name == "x" else None for spec in inputs}
    program = torch.export.export(module, (), tensors, dynamic_shapes=dynamic if example.dynamic else None)
    with torch.no_grad():
        shape = tuple(module(**tensors)["y"].shape)
    output = TensorSpec(name="y", shape=shape, dtype="float32", layout="N" * len(shape), meaning="numbers")
    return Graph("classify", module, program, inputs, (output,))


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_is_triggered_by_its_hazard_and_not_without_it(rule, tmp_path):
    hazard, harmless = EXAMPLES[rule]
    assert rule in found_in(hazard, tmp_path / "hazard")
    assert rule not in found_in(harmless, tmp_path / "harmless")


def found_in(example: Example, folder: Path) -> set[str]:
    graph = graph_of(example)
    subjects = of_program(graph, {example.format: example.precision}, example.oldest)
    if example.artifact:
        subjects.append(file_of(example, graph, folder))
    return {finding.rule for finding in findings(subjects)}


def file_of(example: Example, graph: Graph, folder: Path) -> Subject:
    module = backend(example.format)
    folder.mkdir()
    path = folder / f"file.{module.EXTENSION}"
    lowered = module.lower(graph, path, LowerOptions(example.precision, example.min_ios, rewrites=example.rewrites))
    return Subject(
        graph=graph.name,
        format=example.format,
        precision=example.precision,
        stage="artifact",
        operations=tuple(module.operations(path)) if hasattr(module, "operations") else (),
        min_ios=example.oldest,
        delegation=lowered.delegation,
        min_os=lowered.min_os,
    )


def _reduced(x, index):
    return x.scatter_reduce(1, index.long(), x, "amax")


def _added(x, index):
    return x.scatter_add(1, index.long(), x)


@pytest.mark.parametrize(
    ("format", "compute", "rule"),
    [
        ("executorch", lambda x, _: x.sort(-1).values, "sort"),
        ("tflite", lambda x, _: x.sort(-1).values, "sort"),
        ("tflite", lambda x, _: x.topk(3, -1).values, "sort"),
        ("executorch", _reduced, "scatter"),
        ("tflite", _reduced, "scatter"),
        ("tflite", _added, "scatter"),
        ("coreml", lambda x, _: x.reshape(1, 2, 1, 2, 1, 2).softmax(1), "core-ml-rank"),
    ],
)
def test_what_is_said_to_fail_does(format, compute, rule, tmp_path):
    graph = graph_of(Example(compute, ((1, 8), (1, 8)), format))
    assert rule in {one.rule for one in findings(of_program(graph, {format: "fp32"}, 17))}
    with pytest.raises((RuntimeError, ValueError)):
        run_here(format, graph, tmp_path)


@pytest.mark.parametrize(
    ("format", "compute"),
    [
        ("executorch", lambda x, _: x.topk(3, -1).values),
        ("tflite", lambda x, _: x.topk(3, -1).indices.float()),
        ("executorch", _added),
        ("tflite", lambda x, index: x.scatter(1, index.long(), x)),
        ("coreml", lambda x, _: x.reshape(1, 2, 1, 2, 1, 2).permute(0, 1, 3, 2, 4, 5).reshape(1, 8)),
    ],
)
def test_what_is_near_it_does_not(format, compute, tmp_path):
    graph = graph_of(Example(compute, ((1, 8), (1, 8)), format))
    found = findings(of_program(graph, {format: "fp32"}, 17))
    assert not [one for one in found if one.severity == "error"]
    run_here(format, graph, tmp_path)


def run_here(format: str, graph: Graph, folder: Path) -> None:
    module = backend(format)
    path = folder / f"file.{module.EXTENSION}"
    module.lower(graph, path, LowerOptions("fp32", rewrites=()))
    module.load(path)({spec.name: np.zeros(spec.shape, np.float32) for spec in graph.inputs})


def test_every_rule_has_its_check_and_its_examples():
    ids = [rule.id for rule in rules()]
    assert sorted(ids) == sorted(CHECKS) == sorted(EXAMPLES)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_to_do_and_where_to_read_more(rule):
    assert rule.link.startswith("https://")
    assert rule.reason.endswith(".")
    assert rule.advice.endswith(".")
    assert set(rule.formats) <= set(FORMATS)
