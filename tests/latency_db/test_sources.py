"""The pages beside the shipped tables count what is in them."""

import re

import pytest

from latency_db.shipped_tables import DATA, read_lines

COUNTED = [
    (page.parent / f"{name}.csv.gz", int(count.replace(",", "")))
    for page in sorted(DATA.glob("*/SOURCES.md"))
    for name, count in re.findall(r"^\| `(\w+)\.csv\.gz` \| ([\d,]+) ", page.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize(("table", "count"), COUNTED, ids=[f"{path.parent.name}/{path.name}" for path, _ in COUNTED])
def test_a_table_has_as_many_lines_as_its_page_says(table, count):
    assert len(list(read_lines(table))) == count


def test_every_table_of_whole_models_and_published_rows_is_counted():
    assert {path for path, _ in COUNTED} == {
        path
        for folder in ("end_to_end", "estimator", "published", "registered")
        for path in (DATA / folder).glob("*.csv.gz")
    }


@pytest.mark.parametrize("package", ["pytorchcv", "transformers", "timm"])
def test_the_page_of_whole_models_says_which_release_built_their_graphs(package):
    assert re.search(rf"{package} \d+\.\d+\.\d+", (DATA / "end_to_end/SOURCES.md").read_text())
