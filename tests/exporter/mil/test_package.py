"""What lies on disk: packages, and what is taken for them."""

import json
import shutil
from pathlib import Path

import pytest

from exporter import mil
from exporter.errors import BackendError
from exporter.mil.package import find

LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
MODEL = "com.apple.CoreML/model.mlmodel"
WEIGHTS = "com.apple.CoreML/weights"


@pytest.fixture
def package(tmp_path):
    """One as coremltools lays it out; what its files hold does not matter here."""
    return lay_out(tmp_path / "net.mlpackage")


def lay_out(path: Path, model: str = MODEL, weights: str = WEIGHTS) -> Path:
    (path / "Data" / weights).mkdir(parents=True)
    (path / "Data" / model).write_bytes(b"a model")
    (path / "Data" / weights / "weight.bin").write_bytes(b"weights")
    items = {"1": {"name": "model.mlmodel", "path": model}, "2": {"name": "weights", "path": weights}}
    manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": items, "rootModelIdentifier": "1"}
    (path / "Manifest.json").write_text(json.dumps(manifest))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BackendError) as raised:
        find(path)
    return str(raised.value)


def test_the_manifest_says_where_the_parts_lie(tmp_path):
    found = find(lay_out(tmp_path / "own.mlpackage", "com.apple.CoreML/own.mlmodel", "com.apple.CoreML/my weights"))
    assert found.specification.name == "own.mlmodel"
    assert found.weights.name == "my weights"
    found.check_weights(["@model_path/weights/weight.bin"])


def test_the_current_folder_has_a_name_too(package, monkeypatch):
    monkeypatch.chdir(package)
    assert find(Path()).name == "net.mlpackage"


def test_a_package_without_weights_needs_no_folder_of_them(package):
    shutil.rmtree(package / "Data" / WEIGHTS)
    find(package).check_weights([])


def test_a_weight_file_that_is_not_there_is_named(package):
    with pytest.raises(BackendError, match=r"net\.mlpackage lacks its file other\.bin: copy the whole package again"):
        find(package).check_weights(["@model_path/weights/other.bin"])


@pytest.mark.parametrize("name", ["Manifest.json", f"Data/{MODEL}", f"Data/{WEIGHTS}/weight.bin"])
def test_a_git_lfs_pointer_in_place_of_any_file_is_one(package, name):
    (package / name).write_text(LFS_POINTER)
    with pytest.raises(BackendError, match=r"git-lfs pointer instead of the file: fetch it with `git lfs pull`\.$"):
        find(package).check_weights(["@model_path/weights/weight.bin"])


def test_a_git_lfs_pointer_in_place_of_the_package_is_one(tmp_path):
    (tmp_path / "net.mlpackage").write_text(LFS_POINTER)
    assert "`git lfs pull`" in refusal(tmp_path / "net.mlpackage")


def test_one_with_a_byte_order_mark_is_one_too(package):
    (package / "Manifest.json").write_text(LFS_POINTER, encoding="utf-8-sig")
    assert refusal(package) == (
        "Manifest.json in net.mlpackage is a git-lfs pointer instead of the file: fetch it with `git lfs pull`."
    )


def test_an_archive_of_a_package_is_to_be_unpacked(package):
    archive = Path(shutil.make_archive(str(package), "zip", package.parent, package.name))
    assert (
        refusal(archive) == "net.mlpackage.zip is an archive: unpack it, and pass the .mlpackage folder that is in it."
    )


@pytest.mark.parametrize("mark", ["coremldata.bin", "model.mil"])
def test_a_compiled_model_is_named_so_whatever_its_folder_is_called(tmp_path, mark):
    for name in ("net.mlmodelc", "net"):
        (tmp_path / name).mkdir()
        (tmp_path / name / mark).touch()
        assert refusal(tmp_path / name).endswith("pass the .mlpackage that it was compiled from.")


def test_an_archive_of_a_compiled_model_is_one(tmp_path):
    (tmp_path / "net.mlmodelc").mkdir()
    (tmp_path / "net.mlmodelc/coremldata.bin").touch()
    archive = Path(shutil.make_archive(str(tmp_path / "net"), "zip", tmp_path, "net.mlmodelc"))
    assert refusal(archive).endswith("pass the .mlpackage that it was compiled from.")


def test_a_model_file_of_the_older_kind_is_to_be_converted(tmp_path):
    (tmp_path / "net.mlmodel").write_bytes(b"\x08\x04")
    assert refusal(tmp_path / "net.mlmodel").startswith("net.mlmodel is a model file of Core ML's older kind")
    assert "convert_to='mlprogram'" in refusal(tmp_path / "net.mlmodel")


@pytest.mark.parametrize("part", ["Manifest.json", f"Data/{MODEL}", "Data", f"Data/{WEIGHTS}"])
def test_a_part_of_a_package_names_the_package(package, part):
    assert refusal(package / part).endswith(f"is only a part of net.mlpackage: pass the folder {package}.")


def test_a_folder_around_a_package_names_it(package):
    message = f"{package.parent.name} is no package itself but holds net.mlpackage: pass {package}."
    assert refusal(package.parent) == message


def test_a_package_within_a_folder_of_its_own_name_is_named(package):
    package.rename(package.parent / "inner")
    package.mkdir()
    (package.parent / "inner").rename(package / package.name)
    assert refusal(package).endswith(f"pass {package / package.name}.")


@pytest.mark.parametrize("name", ["net.mlpackage.tar.gz", "net.tgz"])
def test_other_archives_are_to_be_unpacked_too(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x1f\x8b")
    assert refusal(tmp_path / name).startswith(f"{name} is an archive: unpack it")


def test_any_other_folder_is_no_package(tmp_path):
    assert "is a folder without a Manifest.json, and so no Core ML package" in refusal(tmp_path)


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"itemInfoEntries": {}}', '{"itemInfoEntries": []}'])
def test_a_package_with_a_damaged_manifest_is_to_be_copied_again(package, manifest):
    (package / "Manifest.json").write_text(manifest)
    assert refusal(package) == "net.mlpackage has no Manifest.json that names its parts: copy the whole package again."


def test_a_package_without_its_model_is_to_be_copied_again(package):
    (package / "Data" / MODEL).unlink()
    assert refusal(package) == "net.mlpackage lacks its file model.mlmodel: copy the whole package again."


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06" + bytes(18), b"PK\x03\x04 no archive"])
def test_any_other_file_is_no_package(tmp_path, content):
    (tmp_path / "net.pt").write_bytes(content)
    assert refusal(tmp_path / "net.pt") == "net.pt is no Core ML package: pass the folder of an .mlpackage."


def test_what_is_not_there_is_said_so(tmp_path):
    assert "does not exist" in refusal(tmp_path / "net.mlpackage")


@pytest.mark.parametrize("content", [b"", b"no message", b"\xff" * 64])
def test_a_specification_that_is_none_is_refused_in_words(package, content):
    (package / "Data" / MODEL).write_bytes(content)
    with pytest.raises(BackendError, match=r"^net\.mlpackage cannot be read \(.*\): copy it again whole"):
        mil.load(package)
