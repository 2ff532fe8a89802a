"""The tables of a run: the one of this machine is put right by networks that are timed, each once."""

import pytest

from exporter.slim.budget import Budget
from exporter.slim.prices.table import Price, Table
from exporter.slim.prices.tables import Tables
from exporter.slim.search.history import History
from tests.exporter.slim.small import V2

HALF = [Budget.of("0.5x")]


class Alike:
    """A price list by which each piece costs the same."""

    def of(self, pieces):
        return {piece: Price(1.0, "measured") for piece in pieces}


class Stopwatch:
    """By which networks take 10 ms, and 2 for each block."""

    def __init__(self):
        self.timed = []

    def whole(self, architectures):
        self.timed += architectures
        return [10.0 + 2 * sum(map(len, one.kept)) for one in architectures]


def table(device, host=None):
    return Table(V2, device, "onnx", Alike(), 1.0, 1.0, 1.0, "made up", host=host)


@pytest.fixture
def stopwatch():
    return Stopwatch()


def test_a_network_that_was_timed_takes_that_share_of_the_parent(stopwatch, tmp_path):
    tables = Tables(V2, (table("host", stopwatch), table("iphone12")))
    [before, phones] = [one.ms(V2.parent) for one in tables.all]
    tables.correct(V2.smallest, History(tmp_path / "h.jsonl"))
    parent, smallest = stopwatch.whole([V2.parent, V2.smallest])
    host, phone = tables.all
    assert host.ms(V2.parent) == pytest.approx(before)
    assert host.ms(V2.smallest) == pytest.approx(before * smallest / parent)
    assert phone.ms(V2.parent) == phones
    assert phone.ms(V2.smallest) == len(V2.pieces(V2.smallest))


def test_what_was_timed_is_not_timed_again(stopwatch, tmp_path):
    history = tmp_path / "h.jsonl"
    Tables(V2, (table("host", stopwatch),)).correct(V2.smallest, History(history))
    timed = list(stopwatch.timed)
    again = Tables(V2, (table("host", stopwatch),))
    again.correct(V2.smallest, History(history))
    assert stopwatch.timed == timed == [V2.parent, V2.smallest]
    assert again.all[0].offset != 0


def test_a_copy_is_corrected_by_itself(stopwatch, tmp_path):
    tables = Tables(V2, (table("host", stopwatch),))
    tables.copy().correct(V2.smallest, History(tmp_path / "h.jsonl"))
    assert tables.all[0].offset == 0


def test_where_nothing_is_timed_nothing_is_corrected(tmp_path):
    tables = Tables(V2, (table("iphone12"),))
    before = tables.all
    tables.correct(V2.smallest, History(tmp_path / "h.jsonl"))
    assert tables.all == before
    assert not (tmp_path / "h.jsonl").exists()


def test_the_slowest_of_several_devices_counts(tmp_path):
    other = table("iphone12").scaled(V2.parent, 100.0)
    tables = Tables(V2, (table("host"), other))
    assert tables.slowest(V2.parent) == 1
    assert [limit.device for limit in tables.limits(HALF)] == ["host", "iphone12"]
    assert [limit.of(V2.parent) / limit.most for limit in tables.limits(HALF)] == pytest.approx([2, 2])
