"""docs/lint.md is what the rules say."""

from pathlib import Path

from exporter.lint.documentation import page


def test_the_page_is_up_to_date():
    kept = Path(__file__).parents[3] / "docs/lint.md"
    assert kept.read_text() == page(), "run `make schema`"
