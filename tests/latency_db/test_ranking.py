"""Of several measurements of one thing, one is believed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from latency_db.measurement import Source, Subject
from latency_db.ranking import believed
from tests.latency_db.estimator.measurements import measured

SUBJECT = Subject.of_model("mine")
ROW = measured(SUBJECT, 1.0, quality="good", measured_at=datetime(2026, 11, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    "worse",
    [
        replace(ROW, source=Source("published", "a table", "MIT")),
        replace(ROW, measured_at=datetime(2026, 11, 1, tzinfo=UTC)),
        replace(ROW, measured_at=None),
        replace(ROW, quality=None),
        replace(ROW, quality="drifting"),
        replace(ROW, quality="busy"),
        replace(ROW, quality="suspect"),
    ],
)
def test_what_is_worth_more_is_believed_in_either_order(worse):
    assert believed([ROW, worse]) == believed([worse, ROW]) == {SUBJECT: ROW}


def test_of_equals_the_last_is_believed():
    assert believed([ROW, replace(ROW, note="again")])[SUBJECT].note == "again"


def test_nothing_is_believed_of_suspect_rows_alone():
    assert believed([replace(ROW, quality="suspect")]) == {}
