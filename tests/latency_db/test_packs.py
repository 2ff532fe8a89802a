"""Packs that cannot be read are refused in a sentence, and none of them hides another."""

import json
import os
import zipfile

import pytest

from latency_db.limits import PACK_KERNELS, PACK_MANIFEST_BYTES, PACKS_BESIDE
from latency_db.packs import MANIFEST, PackRefused, known_pack, read_pack
from tests.latency_db.packs import pack_beside

ADD = "elementwise 1x4,1x4>1x4 add float32"


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def zipped(path, content, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(MANIFEST, content)
    return path


def damaged(path, compression, mark):
    """A zip whose compressed bytes are wrong behind their first ones."""
    zipped(path, os.urandom(400), compression)
    content = bytearray(path.read_bytes())
    start = content.index(mark) + len(mark) + 4
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    return path


def misnamed(path):
    """A zip with a name that claims to be UTF-8."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("né", b"")
    path.write_bytes(path.read_bytes().replace("né".encode(), b"n\xff\xff"))
    return path


@pytest.fixture
def odd(tmp_path):
    """Zips that raise what is no `BadZipFile`."""
    folder = tmp_path / "odd"
    folder.mkdir()
    return [
        damaged(folder / "bz2.zip", zipfile.ZIP_BZIP2, b"BZh9"),
        damaged(folder / "lzma.zip", zipfile.ZIP_LZMA, MANIFEST.encode()),
        misnamed(folder / "name.zip"),
    ]


def test_an_odd_zip_is_no_pack(odd):
    for path in odd:
        with pytest.raises(PackRefused, match=path.name):
            read_pack(path)


def test_an_odd_zip_beside_a_result_hides_no_pack(odd):
    folder = odd[0].parent
    name = pack_beside(folder, [ADD])
    zipped(folder / "pack.zip", (folder / MANIFEST).read_bytes())
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / "a_pipe.zip")
    assert known_pack(name, folder / "result.json") == read_pack(folder / "pack.zip")
    assert known_pack("0" * 64, folder / "result.json") is None


def test_what_is_larger_than_a_pack_can_be_is_refused(tmp_path):
    with pytest.raises(PackRefused, match="manifest of more than 16,777,216 bytes"):
        read_pack(zipped(tmp_path / "pack.zip", bytes(PACK_MANIFEST_BYTES + 1), zipfile.ZIP_DEFLATED))
    pack_beside(tmp_path, [ADD])
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["kernels"] *= PACK_KERNELS + 1
    with pytest.raises(PackRefused, match=f"at most {PACK_KERNELS} items"):
        read_pack(zipped(tmp_path / "pack.zip", json.dumps(manifest), zipfile.ZIP_DEFLATED))


def test_of_many_zips_beside_a_result_the_first_are_looked_into(tmp_path):
    name = pack_beside(tmp_path, [ADD])
    content = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).unlink()
    for number in range(PACKS_BESIDE):
        (tmp_path / f"{number:04d}.zip").touch()
    zipped(tmp_path / "9999.zip", content)
    assert known_pack(name, tmp_path / "result.json") is None
    (tmp_path / "0000.zip").unlink()
    assert known_pack(name, tmp_path / "result.json") is not None
