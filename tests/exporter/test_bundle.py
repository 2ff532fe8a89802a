"""The bundle on disk: a manifest with a schema, files with checksums, all or nothing."""

import json
from pathlib import Path

import pytest

from exporter.atomic.staging import staging
from exporter.bundle import Bundle, publish
from exporter.contents import size_of
from exporter.errors import BundleError
from exporter.manifest import json_schema

SCHEMA = Path(__file__).parents[2] / "docs" / "manifest.schema.json"


def test_the_published_schema_is_that_of_the_code():
    assert SCHEMA.read_text() == json_schema(), "run `make schema`"


def test_a_manifest_survives_being_written_and_read(bundles):
    manifest = bundles["mobilevit"].manifest
    assert type(manifest).model_validate_json(manifest.model_dump_json()) == manifest


def test_every_file_of_the_manifest_has_its_checksum_and_size(bundles):
    bundle = bundles["mobilevit"]
    bundle.check()
    for artifact in bundle.manifest.artifacts:
        assert artifact.bytes == size_of(bundle.path / artifact.file) > 1_000_000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "is no bundle"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 5}', "schema version 5"),
        ('{"schema_version": 7}', "is damaged at created"),
    ],
)
def test_a_folder_that_is_no_bundle_is_refused_in_one_sentence(tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(BundleError, match=complaint) as error:
        Bundle.open(tmp_path)
    assert "\n" not in str(error.value)


def test_a_graph_or_format_that_is_not_there_names_those_that_are(bundles):
    with pytest.raises(BundleError, match="it has coreml, executorch, tflite, onnx"):
        bundles["mobilevit"].runner("coreai", "classify")
    with pytest.raises(BundleError, match="it has classify"):
        bundles["mobilevit"].vectors("encode_image")


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
