"""The least cost within an allowance for loss, checked against all choices that there are."""

import re
from itertools import product

import numpy as np
import pytest

from exporter.quantise.allocate import Choice, Option, allocate, frontier

PARTS = {
    "conv": [Option("fp32", 4.0, 0.0), Option("int8", 1.0, 0.3)],
    "add": [Option("fp32", 1.0, 0.0), Option("int8", 0.8, 0.5)],
    "linear": [Option("fp32", 2.0, 0.0), Option("int8", 1.0, 0.2), Option("int4", 0.7, 0.9)],
}


def names(choice):
    return {part: option.name for part, option in choice.options.items()}


def drawn(seed, parts=4, options=4):
    random = np.random.default_rng(seed)
    return {
        str(part): [Option(str(one), *map(float, random.uniform(0, 1, 2))) for one in range(options)]
        for part in range(parts)
    }


def every_choice(parts):
    return [Choice(dict(zip(parts, options, strict=True))) for options in product(*parts.values())]


def test_the_frontier_goes_from_the_least_loss_to_the_least_cost_by_what_saves_most_for_it():
    assert [names(choice) for choice in frontier(PARTS)] == [
        {"conv": "fp32", "add": "fp32", "linear": "fp32"},
        {"conv": "int8", "add": "fp32", "linear": "fp32"},
        {"conv": "int8", "add": "fp32", "linear": "int8"},
        {"conv": "int8", "add": "fp32", "linear": "int4"},
        {"conv": "int8", "add": "int8", "linear": "int4"},
    ]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_costs_less_and_loses_less_than_a_choice_of_the_frontier(seed):
    parts = drawn(seed)
    for best in frontier(parts):
        assert not any(one.cost < best.cost - 1e-12 and one.loss <= best.loss for one in every_choice(parts))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_allocated_loses_no_more_than_allowed_and_costs_nearly_the_least(seed):
    parts = drawn(seed)
    for share in (0.1, 0.4, 0.8):
        least, most = frontier(parts)[0].loss, frontier(parts)[-1].loss
        allowed = least + share * (most - least)
        found = allocate(parts, allowed)
        best = min(one.cost for one in every_choice(parts) if one.loss <= allowed)
        assert found.loss <= allowed
        dearest = frontier(parts)[0].cost
        assert found.cost - best <= 0.25 * (dearest - frontier(parts)[-1].cost)


def test_loss_that_the_frontier_leaves_is_spent():
    parts = {"a": [Option("dear", 10, 0), Option("middle", 6, 0.5), Option("cheap", 0, 1)]}
    assert len(frontier(parts)) == 2, "the one in the middle is above the line between the others"
    assert names(allocate(parts, 0.6)) == {"a": "middle"}


def test_what_cannot_be_had_is_refused():
    with pytest.raises(ValueError, match=re.escape("the least that can be lost is 0.5, and 0.1 is allowed")):
        allocate({"a": [Option("only", 1, 0.5)]}, 0.1)
