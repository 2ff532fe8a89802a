"""The bundle on disk: a manifest with a schema, files with checksums."""

from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.contents import size_of
from exporter.errors import BundleError
from exporter.manifest import SCHEMA_VERSION, json_schema

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
        ('{"schema_version": 12}', "schema version 12"),
        (f'{{"schema_version": {SCHEMA_VERSION}}}', "is damaged at created"),
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
