"""What others contradict is marked and kept; rows vote, so that a mark may move to who was there first."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject
from latency_db.service.contradictions import judged
from latency_db.store.rows import Record

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def row(ms, unit="npu", **more):
    return Measurement(
        Device("iphone15"),
        Subject.of_graph("efficientformer_l1", "classify", (224, 224)),
        Conditions("coreml", unit, "fp16"),
        Latency(p50=ms),
        Source("reported", "app 1.0, 0.json", "the user's own"),
        **more,
    )


def records(*rows):
    return [Record(id, one, NOW, None) for id, one in enumerate(rows, 1)]


def marks(new, *before):
    found = judged([new], records(*before))
    return found.rows[0], found.corrections


def test_what_agrees_is_kept_as_it_is():
    new = row(2.0)
    assert marks(new, row(1.9), row(2.3)) == (new, {})
    assert marks(new) == (new, {})


@pytest.mark.parametrize(("ms", "said"), [(30.0, "15.0 times longer"), (0.2, "10.0 times shorter")])
def test_what_takes_many_times_as_long_or_as_short_is_suspect(ms, said):
    kept, corrections = marks(row(ms), row(1.9), row(2.0), row(2.1))
    assert (kept.quality, kept.note, corrections) == ("suspect", f"contradicts others, {said}", {})


def test_what_took_as_long_as_another_unit_names_it():
    kept, _ = marks(row(30.0), row(2.0), row(2.1), row(28.0, unit="cpu"))
    assert kept.note == "contradicts others, 14.6 times longer, as on the CPU"


def test_of_two_the_faster_is_right_whichever_came_first():
    fallback, right = row(30.0), row(2.0)
    assert marks(fallback, right)[0].quality == "suspect"
    kept, corrections = marks(right, fallback)
    assert (kept, corrections[1].quality) == (right, "suspect")


def test_later_rows_outvote_earlier_ones_which_are_cleared_or_marked_anew():
    kept, corrections = marks(row(30.0), row(29.0, quality="suspect", note="contradicts others, 14.5 times longer"),
                              row(31.0, quality="suspect", note="stopped early; contradicts others, 15.5 times longer"),
                              row(2.0))  # fmt: skip
    assert kept.quality is None
    assert (corrections[1].quality, corrections[1].note) == (None, "")
    assert (corrections[2].quality, corrections[2].note) == (None, "stopped early")
    assert corrections[3].quality == "suspect"


def test_what_was_marked_and_still_contradicts_is_left_as_it_was_marked():
    marked = row(30.0, quality="suspect", note="contradicts others, 14.5 times longer")
    assert marks(row(2.4), marked, row(2.0), row(2.1)) == (row(2.4), {})


def test_between_two_and_three_times_nothing_is_marked():
    new = row(5.0)
    assert marks(new, row(2.0), row(2.1)) == (new, {})


def test_a_hot_device_is_marked_has_no_vote_and_is_not_compared():
    kept, _ = marks(row(30.0, thermal="serious"), row(2.0))
    assert (kept.quality, kept.note) == ("drifting", "throttled, as the system was serious")
    right = row(2.0)
    assert marks(right, row(30.0, thermal="critical"), row(31.0, thermal="critical"))[0] == right


def test_what_is_wrong_for_a_reason_of_its_own_stays_so_and_has_no_vote():
    failed = row(2.0, quality="suspect", note="its self-test failed")
    assert marks(failed, row(2.0))[0] == failed
    assert marks(row(30.0), failed, failed)[0].quality is None


def test_other_conditions_and_rows_of_publications_are_left_alone():
    published = replace(row(30.0), source=Source("published", "a paper", "CC0"))
    kept, corrections = marks(row(2.0), published, row(2.0), row(40.0, unit="cpu"))
    assert (kept.quality, corrections) == (None, {})
