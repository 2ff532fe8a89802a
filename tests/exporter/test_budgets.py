"""Limits are in one table, and docs/inputs.md is what it says."""

from pathlib import Path

import pytest

from exporter import budgets
from exporter.budgets import Budget, check_growth
from exporter.errors import VitexportError

TABLE = [one for one in vars(budgets).values() if isinstance(one, Budget)]


def test_the_page_has_every_limit_with_its_reason():
    page = (Path(__file__).parents[2] / "docs/inputs.md").read_text()
    rows = [line for line in page.splitlines() if line in {f"| {b.most:,} | {_named(b)} | {b.why} |" for b in TABLE}]
    assert len(rows) == len(TABLE), "\n".join(f"| {b.most:,} | {_named(b)} | {b.why} |" for b in TABLE)


def _named(budget: Budget) -> str:
    return f"{budget.what}, `{budget.option}`" if budget.option else budget.what


def test_more_is_refused_by_name_with_what_to_do():
    budget = Budget("frames", 1000, "of a test", "cut it")
    budget.check(1000, "a.mp4", VitexportError)
    with pytest.raises(VitexportError, match=r"^a\.mp4 has 1,001 frames, and at most 1,000 are taken: cut it\.$"):
        budget.check(1001, "a.mp4", VitexportError)


@pytest.mark.parametrize("value", [-1, 0, 9, 10**30])
def test_a_number_out_of_range_is_refused_by_its_option(value):
    budget = Budget("threads", 8, "of a test", option="--threads")
    for taken in (None, 1, 8):
        budget.check_option(taken, VitexportError)
    with pytest.raises(VitexportError, match=rf"^--threads {value} is out of range: pass a number from 1 to 8\.$"):
        budget.check_option(value, VitexportError)


def test_memory_follows_what_is_on_disk():
    check_growth(2**26, 10, "a.pt", VitexportError)
    check_growth(8 * 2**30, 2**30, "a.pt", VitexportError)
    with pytest.raises(VitexportError, match=r"has 10 bytes on disk and would take 67,108,865 in memory"):
        check_growth(2**26 + 1, 10, "a.pt", VitexportError)
    with pytest.raises(VitexportError, match="at most 8 for each are taken"):
        check_growth(8 * 2**30 + 1, 2**30, "a.pt", VitexportError)
