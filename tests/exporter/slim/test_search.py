"""The search on toys whose accuracy is a formula: its choices are the best there are, and it can be repeated."""

import itertools
import json
from dataclasses import asdict, dataclass, replace
from random import Random

import pytest

from exporter.errors import BudgetError
from exporter.slim.architecture import Architecture, Move
from exporter.slim.search.baselines import best_of, drawn, uniform
from exporter.slim.search.history import EVENTS, History
from exporter.slim.search.limits import Limit, load
from exporter.slim.search.loop import LED_LESS_NEAR, LEFT_MUCH, SCORE, Step, Undone, slim
from exporter.slim.search.policies import Efficiency, LeastImportant
from tests.exporter.slim.small import V1, V2


@dataclass(frozen=True)
class Stages:
    """Three stages with a width each, of which there are so many notches."""

    widths: tuple[int, int, int] = (6, 6, 6)

    @property
    def parent(self):
        return Architecture(self.widths, ())

    @property
    def smallest(self):
        return Architecture((1, 1, 1), ())

    def drawn(self, random):
        return Architecture(tuple(random.randint(1, width) for width in self.widths), ())

    def moves(self, architecture):
        for stage, width in enumerate(architecture.config):
            if width > 1:
                left = tuple(one - (place == stage) for place, one in enumerate(architecture.config))
                yield Move("width", stage), Architecture(left, ())

    def narrowed(self, share):
        return Architecture(tuple(max(1, round(share * width)) for width in self.widths), ())


TOY = Stages()
COSTS = (3.0, 2.0, 1.0)
"""ms of a notch of each stage"""
WORTH = (5.0, 1.0, 3.0)


def ms(architecture):
    return sum(cost * width for cost, width in zip(COSTS, architecture.config, strict=True))


def accuracy(architecture):
    """Each notch brings less than the one before."""
    return 1 - sum(worth / width for worth, width in zip(WORTH, architecture.config, strict=True)) / 100


class Saved:
    """All knobs, by what is saved."""

    def moves(self, space, architecture):
        return space.moves(architecture)

    def gain(self, limits, before, after):
        return load(limits, before) - load(limits, after)


FINE = Stages((24, 24, 24))
"""A notch is a small part of any budget"""


@pytest.mark.parametrize("most", [130.0, 100.0, 60.0, 36.0, 16.0])
def test_its_choice_is_that_of_brute_force(most, tmp_path):
    """Among all architectures none that takes as little is better, and little of the budget is left."""
    path = slim(FINE, FINE.parent, Saved(), accuracy, [Limit("ms", most, ms)], History(tmp_path / "h.jsonl"))
    every = [Architecture(widths, ()) for widths in itertools.product(range(1, 25), repeat=3)]
    best = max((one for one in every if ms(one) <= ms(path.end)), key=accuracy)
    assert accuracy(path.end) == pytest.approx(accuracy(best))
    assert 0.96 * most < ms(path.end) <= most


def test_few_of_the_moves_are_judged(tmp_path):
    """A smaller network has less to spare, so that a knob which looked dear before is no bargain now."""
    path = slim(FINE, FINE.parent, Saved(), accuracy, [Limit("ms", 60.0, ms)], History(tmp_path / "h.jsonl"))
    assert path.steps[0].weighed == 3
    assert sum(step.weighed for step in path.steps) < 2 * len(path.steps)


def test_a_move_that_takes_too_much_is_made_where_there_is_no_other(tmp_path):
    coarse = Stages((2, 1, 1))
    path = slim(coarse, coarse.parent, Saved(), accuracy, [Limit("ms", 8.5, ms)], History(tmp_path / "h.jsonl"))
    assert path.end.config == (1, 1, 1)


def test_latency_falls_with_each_step_until_it_is_within_the_budget(tmp_path):
    path = slim(TOY, TOY.parent, Saved(), accuracy, [Limit("ms", 15.0, ms)], History(tmp_path / "h.jsonl"))
    loads = [path.load, *(step.load for step in path.steps)]
    assert all(after < before for before, after in itertools.pairwise(loads))
    assert loads[-2] > 1 >= loads[-1]
    assert ms(path.end) <= 15.0


def test_the_same_search_takes_the_same_steps(tmp_path):
    paths = [
        slim(TOY, TOY.parent, Saved(), accuracy, [Limit("ms", 15.0, ms)], History(tmp_path / name)) for name in "ab"
    ]
    assert paths[0] == paths[1]
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text()


def test_one_that_was_killed_goes_on_and_judges_nothing_twice(tmp_path):
    judged = []

    def judge(architecture):
        if len(judged) == 20:
            raise KeyboardInterrupt
        judged.append(architecture)
        return accuracy(architecture)

    limits, file = [Limit("ms", 12.0, ms)], tmp_path / "search.jsonl"
    with pytest.raises(KeyboardInterrupt):
        slim(TOY, TOY.parent, Saved(), judge, limits, History(file))
    with file.open("a") as cut_short:
        cut_short.write('{"kind": "accu')
    again = []
    path = slim(TOY, TOY.parent, Saved(), lambda one: again.append(one) or accuracy(one), limits, History(file))
    whole = slim(TOY, TOY.parent, Saved(), accuracy, limits, History(tmp_path / "whole.jsonl"))
    assert path == whole
    assert not set(judged) & set(again)
    assert file.read_text() == (tmp_path / "whole.jsonl").read_text()


def test_every_step_is_recorded_with_what_it_cost_and_saved(tmp_path):
    path = slim(TOY, TOY.parent, Saved(), accuracy, [Limit("ms", 30.0, ms)], History(tmp_path / "h.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["kind"] == "step"]
    assert [step["move"] for step in steps] == [str(step.move) for step in path.steps]
    assert {"lost", "saved", "score", "load", "weighed", "architecture"} <= set(steps[0])


def test_what_costs_no_accuracy_goes_first(tmp_path):
    def judge(architecture):
        return 0.9 + 0.01 * (architecture.config[1] < 6)

    path = slim(TOY, TOY.parent, Saved(), judge, [Limit("ms", 35.0, ms)], History(tmp_path / "h.jsonl"))
    assert path.steps[0].move.stage == 1


def test_the_worst_of_several_limits_counts(tmp_path):
    limits = [Limit("ms here", 30.0, ms), Limit("ms there", 9.0, lambda one: one.config[0] * 3.0)]
    path = slim(TOY, TOY.parent, Saved(), accuracy, limits, History(tmp_path / "h.jsonl"))
    assert all(limit.of(path.end) <= limit.most for limit in limits)
    assert path.steps[0].move.stage == 0


def test_a_budget_that_nothing_meets_is_refused_with_what_was_reached(tmp_path):
    with pytest.raises(BudgetError, match="takes 6 ms, of which 5 are allowed, and nothing is left"):
        slim(TOY, TOY.parent, Saved(), accuracy, [Limit("ms", 5.0, ms)], History(tmp_path / "h.jsonl"))


def test_limits_that_are_put_right_meanwhile_are_met(tmp_path):
    """The table says two thirds of what it is."""
    wrong, right = Limit("ms", 20.0, lambda one: ms(one) / 1.5), Limit("ms", 20.0, ms)
    history = History(tmp_path / "h.jsonl")
    path = slim(TOY, TOY.parent, Saved(), accuracy, [wrong], history, recheck=lambda one: [right])
    assert ms(path.end) <= 20.0 < ms(path.steps[-2].architecture)


def test_a_last_step_that_saves_more_than_the_table_says_is_made_otherwise(tmp_path):
    table = [Limit("ms", 20.0, ms)]
    expected = slim(TOY, TOY.parent, Saved(), accuracy, table, History(tmp_path / "a.jsonl")).end

    def measured(one):
        return 0.5 * ms(one) if one == expected else ms(one)

    path = slim(
        *(TOY, TOY.parent, Saved(), accuracy, table, History(tmp_path / "b.jsonl")),
        recheck=lambda one: [Limit("ms", 20.0, measured)],
    )
    assert path.end != expected
    assert 0.94 * 20 <= ms(path.end) <= 20


def left_of(events):
    """What is left of what was made, when what was undone is taken back: it is the last each time."""
    left = []
    for one, undone in events:
        if undone:
            assert left.pop() == one
        else:
            left.append(one)
    return left


def test_where_no_other_step_leaves_less_it_stays(tmp_path):
    """All others are cheaper still than the table says; what is told of leads to the one that is taken."""
    told, checked, table = [], [], [Limit("ms", 32.0, ms)]
    first = slim(TOY, TOY.parent, Saved(), accuracy, table, History(tmp_path / "a.jsonl")).end

    def measured(one):
        return (0.6 if one == first else 0.3) * ms(one) if ms(one) <= 32 else ms(one)

    def recheck(one):
        checked.append(one)
        return [Limit("ms", 32.0, measured)]

    def searched():
        return slim(
            *(TOY, TOY.parent, Saved(), accuracy, table, History(tmp_path / "h.jsonl")),
            recheck=recheck,
            report=told.append,
        )

    path = searched()
    assert path.end == first
    assert checked[-1] == first, "tables are right by another network"
    events = [(one.step, True) if isinstance(one, Undone) else (one, False) for one in told]
    assert left_of(events) == list(path.steps)
    assert {event.why for event in told if isinstance(event, Undone)} == {LEFT_MUCH, LED_LESS_NEAR}
    record = (tmp_path / "h.jsonl").read_text()
    lines = [line for line in map(json.loads, record.splitlines()) if line["kind"] in EVENTS]
    moves = left_of((line["architecture"], line["kind"] == "undone") for line in lines)
    assert moves == [json.loads(json.dumps(asdict(step.architecture))) for step in path.steps]
    assert searched() == path
    assert (tmp_path / "h.jsonl").read_text() == record
    judged = {line["architecture"] for line in map(json.loads, record.splitlines()) if line["kind"] == SCORE}
    assert path.judged == len(judged) > len(path.steps)


def test_a_step_is_told_in_a_line():
    step = Step(Move("width", 0), 0.012, 1.0, 0.125, 3, 0.9, 1.4, TOY.parent)
    assert str(step) == (
        "narrower stage 1: 0.012 of the score lost for 12.5% of the budget, best of 3 judged; now at 140% of it"
    )
    assert str(replace(step, lost=-0.01)).startswith("narrower stage 1: nothing of the score lost for 12.5%")
    assert str(Undone(step, LED_LESS_NEAR)) == (
        "narrower stage 1: undone, as what was found before comes nearer to the budget"
    )


def test_three_moves_at_most_are_weighed_by_importance():
    importance = {(0, 0): 9, (0, 1): 8, (1, 0): 7, (1, 1): 1, (2, 0): 6, (2, 1): 5, (2, 2): 4, (3, 0): 3, (3, 1): 2}
    policy = LeastImportant(lambda stage, block: importance.get((stage, block), 2.5))
    found = {move.kind: move for move, _ in policy.moves(V1, V1.parent)}
    assert (found["block"].stage, found["block"].block) == (1, 1)
    assert (found["attention"].stage, found["attention"].block) == (3, 2)
    assert found["width"].stage == 3


def test_a_block_is_known_by_its_place_in_the_parent():
    policy = LeastImportant(lambda stage, block: 0.0 if (stage, block) == (2, 2) else 1.0)
    without = next(one for move, one in V1.moves(V1.parent) if (move.kind, move.stage, move.block) == ("block", 2, 0))
    move = next(move for move, _ in policy.moves(V1, without) if move.kind == "block")
    assert (move.stage, move.block) == (2, 1)


def test_the_score_is_the_published_one():
    """Of EfficientFormerV2-S0 to L, as the paper's table has it (arXiv 2212.08059 table 1)."""
    for parameters, latency, expected in ((3.5, 0.9, 102.9), (6.1, 1.1, 63.8), (12.6, 1.6, 30.5), (26.1, 2.7, 12.6)):
        size, speed = (lambda _, value=parameters: value), (lambda _, value=latency: value)
        score = Efficiency([(size, 3.0, 0.5), (speed, 1.0, 1.0)])
        assert score(V2.parent) == pytest.approx(expected, abs=0.1)


def test_uniform_narrowing_is_the_widest_within_limits():
    limits = [Limit("ms", 20.0, ms)]
    found = uniform(TOY, limits)
    assert load(limits, found) <= 1 < load(limits, TOY.narrowed(0.65))


def test_uniform_narrowing_is_within_limits_as_they_are_measured():
    """The table says half of what it is, and then all of it."""
    wrong, right = Limit("ms", 20.0, lambda one: ms(one) / 2), Limit("ms", 20.0, ms)
    assert uniform(TOY, [wrong], lambda one: [right]) == uniform(TOY, [right])
    assert uniform(TOY, [wrong], lambda one: [Limit("ms", 5.0, ms)]) is None


def test_uniform_narrowing_is_none_that_was_measured_to_be_beyond_limits():
    """By what the next one was measured to take, it would be within them."""
    loose, tight = [Limit("ms", 20.0, ms)], [Limit("ms", 15.0, ms)]
    wide = uniform(TOY, loose)
    found = uniform(TOY, loose, lambda one: tight if one == wide else loose)
    assert found != wide
    assert load(loose, found) <= 1


def test_uniform_narrowing_is_not_given_up_for_a_narrower_one():
    """It is within; the next wider one is not, and was measured so badly that all but narrow ones seem to be beyond."""
    most = {uniform(TOY, [Limit("ms", 15.0, ms)]): 25.0}
    found = uniform(TOY, [Limit("ms", 15.0, ms)], lambda one: [Limit("ms", most.get(one, 10.0), ms)])
    assert found in most


def test_of_no_architectures_none_is_the_best():
    assert best_of([], accuracy) is None


def test_searches_from_one_budget_to_the_next_are_all_recorded(tmp_path):
    history = History(tmp_path / "h.jsonl")
    first = slim(TOY, TOY.parent, Saved(), accuracy, [Limit("ms", 30.0, ms)], history)
    second = slim(TOY, first.end, Saved(), accuracy, [Limit("ms", 15.0, ms)], history)
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    moves = [line["move"] for line in lines if line["kind"] == "step"]
    assert moves == [str(step.move) for step in (*first.steps, *second.steps)]


def test_drawn_architectures_are_within_limits_and_the_same_each_time():
    limits = [Limit("ms", 20.0, ms)]
    found = drawn(TOY, limits, 20, seed=1)
    assert all(load(limits, one) <= 1 for one in found)
    assert len(set(found)) > 5
    assert found == drawn(TOY, limits, 20, seed=1)


def test_drawn_ones_have_every_knob_in_use():
    found = [V2.drawn(Random(seed)) for seed in range(200)]
    assert {one.config.attention_blocks for one in found} >= {(0, 0, 0, 0), (0, 0, 2, 2)}
    assert {len(one.kept[2]) for one in found} == {1, 2, 3}
    assert {expansion for one in found for stage in one.config.expansions for expansion in stage} == {1, 2, 3, 4}
