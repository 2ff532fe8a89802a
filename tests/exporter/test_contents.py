"""What may lie in a bundle, where its manifest's paths may lead, and that its checksums cover all of it."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from exporter.budgets import MANIFEST_FILE
from exporter.bundle import Bundle
from exporter.contents import MANIFEST, REPORT, SUMS, survey
from exporter.errors import BundleError
from exporter.manifest import SCHEMA_VERSION
from tests.sealed import seal_again


@pytest.fixture
def copy(bundles, tmp_path) -> Path:
    """A bundle with a file and with a package, to be damaged."""
    path = tmp_path / "bundle"
    shutil.copytree(bundles["mobilevit"].path, path)
    return path


def test_sha256sum_agrees_with_all_of_a_bundle(bundles):
    path = bundles["mobilevit"].path
    checked = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=path, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    files = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - {SUMS}
    assert {line.rpartition(": ")[0] for line in checked.stdout.splitlines()} == files


def test_the_manifest_lists_every_file_with_the_checksum_that_sha256sum_has(bundles):
    bundle = bundles["mobilevit"]
    listed = {file.path: file.sha256 for file in bundle.manifest.files}
    sums = dict(reversed(line.split("  ")) for line in (bundle.path / SUMS).read_text().splitlines())
    assert sums.pop(MANIFEST)
    assert listed == sums
    assert {REPORT, "vectors/classify.safetensors", "coreml/classify.mlpackage/Manifest.json"} < listed.keys()


@pytest.mark.parametrize("name", [MANIFEST, SUMS, REPORT, "vectors/classify.safetensors", "onnx/classify.onnx",
                                  "coreml/classify.mlpackage/Manifest.json"])  # fmt: skip
def test_a_file_that_was_altered_or_removed_is_noticed(copy, name):
    bundle, content = Bundle.open(copy), bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(BundleError, match="altered"):
        bundle.check()
    (copy / name).unlink()
    with pytest.raises(BundleError, match=f"lacks .*{Path(name).name}"):
        bundle.check()


@pytest.mark.parametrize("name", ["extra.bin", "onnx/weights.bin", "coreml/classify.mlpackage/Data/extra"])
def test_a_file_that_is_not_listed_is_refused(copy, name):
    (copy / name).write_text("")
    with pytest.raises(BundleError, match=f"holds {name}, which it does not list; remove that"):
        Bundle.open(copy).check()


def test_what_file_managers_leave_does_no_harm(copy):
    (copy / ".DS_Store").write_text("")
    (copy / "Thumbs.db").write_text("")
    Bundle.open(copy).check()


@pytest.mark.parametrize("name", ["onnx/Thumbs.db", "coreml/classify.mlpackage/Data/.DS_Store"])
def test_where_an_artefact_could_read_it_nothing_is_overlooked(copy, name):
    (copy / name).write_text("")
    with pytest.raises(BundleError, match=f"holds {name}, which it does not list"):
        Bundle.open(copy).check()


def link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def pipe(path: Path, target: Path) -> None:
    os.mkfifo(path)


def zeros(path: Path, target: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path, target: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # the whole path may be longer than a socket's may
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.fchdir(here)
    os.close(here)


@pytest.mark.parametrize("name", [MANIFEST, SUMS, REPORT, "vectors/classify.safetensors", "onnx/classify.onnx",
                                  "coreml/classify.mlpackage/Manifest.json"])  # fmt: skip
@pytest.mark.parametrize("put", [link, pipe, zeros, listening])
def test_a_link_pipe_or_device_in_the_place_of_a_file_is_refused_and_not_read(copy, tmp_path, name, put):
    (copy / name).rename(tmp_path / "outside")
    put(copy / name, tmp_path / "outside")
    with pytest.raises(BundleError, match="no bundle"):
        Bundle.open(copy).check()


@pytest.mark.parametrize("name", ["onnx", "coreml/classify.mlpackage", "coreml/classify.mlpackage/Data"])
def test_a_linked_folder_is_refused_before_anything_is_run(copy, tmp_path, name):
    (copy / name).rename(tmp_path / "outside")
    (copy / name).symlink_to(tmp_path / "outside")
    with pytest.raises(BundleError, match="is a link, pipe or device"):
        Bundle.open(copy).runner("onnx", "classify")


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/passwd", "/", "onnx/../../outside", ".", "", "onnx//classify.onnx", "./onnx", "onnx/",
     "..\\outside", "a\0b", "a\nb", "\x1b[2Jx", "\u202egnp.x"],
)  # fmt: skip
def test_a_path_that_is_none_in_the_bundle_is_refused(copy, name):
    bundle = Bundle.open(copy)
    artifacts = (bundle.manifest.artifacts[0].model_copy(update={"file": name}), *bundle.manifest.artifacts[1:])
    seal_again(copy, artifacts=artifacts)
    with pytest.raises(BundleError, match=r"artifacts\.0\.file .*no path in a bundle") as refused:
        Bundle.open(copy)
    assert str(refused.value).isprintable()


def test_a_manifest_that_is_too_large_is_not_read(copy):
    with (copy / MANIFEST).open("r+b") as file:
        file.truncate(MANIFEST_FILE.most + 1)
    with pytest.raises(BundleError, match="at most 16,000,000 are taken"):
        Bundle.open(copy)


@pytest.mark.parametrize(
    "content",
    ["[" * 1_000_000, f'{{"schema_version": {SCHEMA_VERSION}, "a": ' + "[" * 100_000, '{"a": 1' + "0" * 10_000],
    ids=["deep", "deep in a manifest", "a long number"],
)
def test_json_of_any_depth_or_length_is_one_sentence(copy, content):
    (copy / MANIFEST).write_text(content)
    with pytest.raises(BundleError, match=r"damaged|schema version None") as refused:
        Bundle.open(copy)
    assert len(str(refused.value)) < 500


def test_a_bundle_of_countless_files_is_refused(tmp_path):
    for index in range(10_001):
        (tmp_path / str(index)).touch()
    with pytest.raises(BundleError, match="has 10,001 files of a bundle, and at most 10,000 are taken"):
        survey(tmp_path)


def test_a_bundle_of_folders_without_end_is_refused(copy):
    (copy / "/".join("a" * 500)).mkdir(parents=True)
    with pytest.raises(BundleError, match="folders in more than 20 folders"):
        Bundle.open(copy)


def test_a_file_as_large_as_no_other_is_refused_before_it_is_read(copy):
    with (copy / REPORT).open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(BundleError, match="bytes of files, and at most 34,359,738,368 are taken"):
        Bundle.open(copy).check()


def test_checksums_of_another_kind_are_refused(copy):
    content = json.loads((copy / MANIFEST).read_text())
    content["files"][0]["sha256"] = "0" * 63
    (copy / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(BundleError, match=r"damaged at files\.0\.sha256"):
        Bundle.open(copy)
