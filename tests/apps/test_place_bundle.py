"""`make apps BUNDLE=…`: the apps for phones have the bundle that was checked, or the one from before."""

import shutil
from pathlib import Path

import pytest

from apps.place_bundle import APPS, opened, place_bundle
from exporter import Bundle
from exporter.contents import digest, seal
from exporter.errors import BundleError

ANDROID, IOS = APPS.values()

OF_A_FORMAT = ("variants", "artifacts", "rollouts", "latencies", "findings")
"""What the manifest says of one format each"""


def only(format: str, bundle: Bundle, folder: Path) -> Bundle:
    """The same bundle as if it had been made in one format."""
    shutil.copytree(bundle.path, folder)
    for other in {Path(one.file).parent for one in bundle.manifest.artifacts if one.format != format}:
        shutil.rmtree(folder / other)
    left = {name: tuple(one for one in getattr(bundle.manifest, name) if one.format == format) for name in OF_A_FORMAT}
    return Bundle(folder, seal(folder, bundle.manifest.model_copy(update=left)))


@pytest.fixture(scope="module")
def for_android(trained_bundle, tmp_path_factory) -> Bundle:
    return only("tflite", trained_bundle, tmp_path_factory.mktemp("one format") / "for android")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_app_has_what_it_reads_of_the_bundle_and_no_more(trained_bundle, tmp_path):
    placed = place_bundle(trained_bundle, folder=tmp_path)
    assert [(one.app, one.path) for one in placed] == [(app, tmp_path / app.place) for app in (ANDROID, IOS)]
    whole = files(trained_bundle.path)
    for one in placed:
        artifacts = [each.file for each in trained_bundle.manifest.artifacts if each.format in one.app.formats]
        read = ("manifest.json", "SHA256SUMS", "vectors/sequence.safetensors", *artifacts)
        assert files(one.path) == {name: content for name, content in whole.items() if name.startswith(read)}


def test_another_bundle_takes_its_place(trained_bundle, tmp_path):
    for one in place_bundle(trained_bundle, folder=tmp_path):
        (one.path / "of an earlier one").touch()
    for one in place_bundle(trained_bundle, folder=tmp_path):
        assert not (one.path / "of an earlier one").exists()


def test_it_is_said_what_is_where_and_what_was_there(trained_bundle, for_android, tmp_path):
    (first,) = place_bundle(trained_bundle, [ANDROID], tmp_path)
    said = first.sentence()
    assert "Android: efficienttam_nano" in said
    assert f" is in {first.path}, to be run in tflite and executorch, " in said
    assert "in place of" not in said
    (second,) = place_bundle(for_android, [ANDROID], tmp_path)
    name, target = trained_bundle.manifest.model.name, trained_bundle.manifest.target.name
    assert second.sentence().endswith(f" MB, in place of {name} for {target}.")


def test_a_bundle_goes_into_the_app_that_can_run_it_and_the_other_keeps_its_own(trained_bundle, for_android, tmp_path):
    place_bundle(trained_bundle, folder=tmp_path)
    (placed,) = place_bundle(for_android, folder=tmp_path)
    assert placed.app == ANDROID
    assert Bundle.open(tmp_path / ANDROID.place).manifest == for_android.manifest
    assert Bundle.open(tmp_path / IOS.place).manifest == trained_bundle.manifest


def test_it_goes_into_the_app_that_is_asked_for_alone(trained_bundle, tmp_path):
    place_bundle(trained_bundle, [IOS], tmp_path)
    assert not (tmp_path / ANDROID.place).exists()
    assert (tmp_path / IOS.place).is_dir()


def test_a_bundle_with_an_altered_byte_is_refused_and_the_one_before_stays(trained_bundle, tmp_path):
    placed = place_bundle(trained_bundle, folder=tmp_path)
    altered = tmp_path / "altered"
    shutil.copytree(trained_bundle.path, altered)
    with (altered / "tflite/track_step.tflite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match=r"track_step\.tflite"):
        place_bundle(Bundle.open(altered), folder=tmp_path)
    for one in placed:
        assert digest(one.path / "manifest.json") == digest(trained_bundle.path / "manifest.json")


def test_a_bundle_that_no_app_can_run_is_refused_with_what_to_do(tracker_bundle, tmp_path):
    with pytest.raises(
        BundleError, match="nothing that the Android app or the iOS app runs; export the model with --f"
    ):
        place_bundle(tracker_bundle, folder=tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_bundle_that_the_app_that_is_asked_for_cannot_run_is_refused(for_android, tmp_path):
    with pytest.raises(BundleError, match="nothing that the iOS app runs; export the model with --format coreml or"):
        place_bundle(for_android, [IOS], tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_model_that_follows_nothing_is_refused(bundles):
    with pytest.raises(BundleError, match="follows nothing"):
        opened(bundles["mobilevit"].path)


def test_a_folder_that_is_not_there_is_refused_with_how_to_make_one(tmp_path):
    with pytest.raises(BundleError, match="`make demo` makes one"):
        opened(tmp_path / "demo")
