"""Every rule is triggered by the smallest model that has its hazard, and not by the one beside it."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter.backends import FORMATS, backend
from exporter.backends.interface import Lowered
from exporter.lint import findings
from exporter.lint.rules import CHECKS, rules
from exporter.lint.subject import Subject, of_program
from tests.exporter.lint.examples import EXAMPLES, Example, graph_of, pieces


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of examples, each made once."""

    @cache
    def file_of(example: Example) -> tuple[Path, Lowered]:
        path = tmp_path_factory.mktemp(example.format) / f"file.{backend(example.format).extension}"
        return path, backend(example.format).lower(graph_of(example), path, example.options)

    return file_of


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_is_triggered_by_its_hazard_and_not_without_it(rule, files):
    hazard, harmless = EXAMPLES[rule]
    assert rule in found_in(hazard, files)
    assert rule not in found_in(harmless, files)


def test_pieces_are_counted_in_tflite_too(files):
    assert "int8-pieces" in found_in(pieces(9, "tflite", "FULLY_CONNECTED"), files)
    assert "int8-pieces" not in found_in(pieces(8, "tflite", "FULLY_CONNECTED"), files)


def found_in(example: Example, files) -> set[str]:
    subjects = of_program(graph_of(example), [example.variant], example.oldest)
    if example.artifact:
        subjects.append(subject_of(example, *files(example)))
    return {finding.rule for finding in findings(subjects)}


def subject_of(example: Example, path: Path, lowered: Lowered) -> Subject:
    operations = backend(example.format).operations
    return Subject(
        graph="classify",
        variant=example.variant,
        stage="artifact",
        operations=tuple(operations(path)) if operations else (),
        min_ios=example.oldest,
        delegation=lowered.delegation,
        min_os=lowered.min_os,
    )


def _reduced(x, index):
    return x.scatter_reduce(1, index.long(), x, "amax")


def _added(x, index):
    return x.scatter_add(1, index.long(), x)


def _example(format: str, compute: Any) -> Example:
    """Of a row of numbers, and of others that may be indices."""
    return Example(compute, ((1, 8), (1, 8)), format)


_UNSORTED, _SORTED = EXAMPLES["missing-kernel"][::-1]

FAILING = {
    "executorch sort": ("sort", _SORTED),
    "tflite sort": ("sort", _example("tflite", lambda x, _: x.sort(-1).values)),
    "tflite topk's values": ("sort", _example("tflite", lambda x, _: x.topk(3, -1).values)),
    "executorch scatter_reduce": ("scatter", _example("executorch", _reduced)),
    "tflite scatter_reduce": ("scatter", _example("tflite", _reduced)),
    "tflite scatter_add": ("scatter", _example("tflite", _added)),
    "coreml rank": (
        "core-ml-rank",
        _example("coreml", lambda x, _: x.reshape(1, 2, 1, 2, 1, 2).softmax(1)),
    ),
}
"""Name -> the rule that says so, and what is said to fail"""

NEAR = {
    "executorch topk's values": _UNSORTED,
    "tflite topk's indices": _example("tflite", lambda x, _: x.topk(3, -1).indices.float()),
    "executorch scatter_add": _example("executorch", _added),
    "tflite scatter": _example("tflite", lambda x, index: x.scatter(1, index.long(), x)),
    "coreml rank": _example("coreml", lambda x, _: x.reshape(1, 2, 1, 2, 1, 2).permute(0, 1, 3, 2, 4, 5).reshape(1, 8)),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_is_said_to_fail_does(case, files):
    rule, example = FAILING[case]
    assert rule in {one.rule for one in findings(of_program(graph_of(example), [example.variant], 17))}
    with pytest.raises((RuntimeError, ValueError)):
        run_here(example, files)


@pytest.mark.parametrize("case", NEAR)
def test_what_is_near_it_does_not(case, files):
    example = NEAR[case]
    found = findings(of_program(graph_of(example), [example.variant], 17))
    assert not [one for one in found if one.severity == "error"]
    run_here(example, files)


def run_here(example: Example, files) -> None:
    path, _ = files(example)
    inputs = graph_of(example).inputs
    backend(example.format).load(path)({spec.name: np.zeros(spec.shape, np.float32) for spec in inputs})


def test_every_rule_has_its_check_and_its_examples():
    ids = [rule.id for rule in rules()]
    assert sorted(ids) == sorted(CHECKS) == sorted(EXAMPLES)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_to_do_and_where_to_read_more(rule):
    assert rule.link.startswith("https://")
    assert rule.reason.endswith(".")
    assert rule.advice.endswith(".")
    assert set(rule.formats) <= set(FORMATS)
