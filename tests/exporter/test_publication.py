"""A finished bundle takes its place as a whole, and the place of nothing but a bundle."""

import json
from pathlib import Path

import pytest

from exporter.atomic.staging import staging
from exporter.errors import BundleError
from exporter.publication import publish


def publish_in(folder: Path, text: str) -> str | None:
    with staging(folder) as stage:
        (stage / "made").mkdir()
        (stage / "made" / "manifest.json").write_text(json.dumps({"created": text}))
        return publish(stage / "made", folder / "bundle")


def test_a_finished_folder_takes_the_place_of_an_older_bundle(tmp_path):
    assert [publish_in(tmp_path, text) for text in ("old", "new")] == [None, "old"]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert json.loads((tmp_path / "bundle" / "manifest.json").read_text()) == {"created": "new"}


def test_a_bundle_that_does_not_say_when_it_was_made_can_be_replaced_too(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("{")
    assert publish_in(tmp_path, "new") == "at an unknown time"


def test_something_else_of_the_same_name_is_not_overwritten(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "thesis.tex").write_text("precious")
    with pytest.raises(BundleError, match="is no bundle"):
        publish_in(tmp_path, "new")
    assert (tmp_path / "bundle" / "thesis.tex").read_text() == "precious"
