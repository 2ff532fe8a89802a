"""`make apps BUNDLE=…`: the Android and the iOS project have the bundle that was checked, or the one from before."""

import shutil

import pytest

from apps.place_bundle import PROJECTS, place_bundle
from exporter import Bundle
from exporter.errors import BundleError


def test_each_project_has_the_whole_bundle(trained_bundle, tmp_path):
    places = place_bundle(trained_bundle, tmp_path)
    assert places == [tmp_path / project.place for project in PROJECTS.values()]
    for place in places:
        Bundle.open(place).check()


def test_another_bundle_takes_its_place(trained_bundle, tmp_path):
    for place in place_bundle(trained_bundle, tmp_path):
        (place / "of an earlier one").touch()
    for place in place_bundle(trained_bundle, tmp_path):
        assert not (place / "of an earlier one").exists()


def test_a_bundle_with_an_altered_byte_is_refused_and_the_one_before_stays(trained_bundle, tmp_path):
    places = place_bundle(trained_bundle, tmp_path)
    altered = tmp_path / "altered"
    shutil.copytree(trained_bundle.path, altered)
    with (altered / "tflite/track_step.tflite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match=r"track_step\.tflite"):
        place_bundle(Bundle.open(altered), tmp_path)
    for place in places:
        Bundle.open(place).check()


def test_a_bundle_that_an_app_cannot_run_is_refused_with_what_to_do(tracker_bundle, tmp_path):
    with pytest.raises(BundleError, match="nothing that the Android app runs; export the model with --format exec"):
        place_bundle(tracker_bundle, tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_model_that_follows_nothing_is_refused(bundles, tmp_path):
    with pytest.raises(BundleError, match="follows nothing"):
        place_bundle(bundles["mobilevit"], tmp_path)
