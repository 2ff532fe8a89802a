"""A folder of pictures as people have them."""

import numpy as np
import pytest
from PIL import Image

from exporter.errors import DataError
from exporter.manifest import Preprocessing
from exporter.train.pictures.folder import read_folder

HOW = Preprocessing(resize="shorter_side_then_center_crop", crop_pct=1.0, interpolation="bilinear")
COLOURS = {"blue": (0, 0, 200), "green": (0, 200, 0), "red": (200, 0, 0)}


def write(folder, count=12, classes=COLOURS):
    for name in classes:
        (folder / name).mkdir(parents=True)
        for place in range(count):
            Image.new("RGB", (40, 30 + place), COLOURS[name]).save(
                folder / name / f"{place}.{('jpg', 'png')[place % 2]}"
            )


def read(folder, tmp_path, **settings):
    return read_folder(folder, 16, HOW, tmp_path / "run", **settings)


def test_classes_are_folders_in_alphabetical_order(tmp_path):
    write(tmp_path / "data")
    found = read(tmp_path / "data", tmp_path)
    assert found.pictures.classes == ("blue", "green", "red")
    assert found.pictures.labels.tolist() == [0] * 12 + [1] * 12 + [2] * 12
    middle = found.pictures.pixels[:, :, 8, 8]
    assert [int(row.argmax()) for row in middle] == [2] * 12 + [1] * 12 + [0] * 12


def test_broken_files_are_skipped_and_counted(tmp_path):
    write(tmp_path / "data")
    good = (tmp_path / "data/red/3.png").read_bytes()
    (tmp_path / "data/red/3.png").write_bytes(good[: len(good) // 2])
    (tmp_path / "data/green/notes.txt").write_text("mine")
    (tmp_path / "data/green/.DS_Store").write_bytes(b"?")
    found = read(tmp_path / "data", tmp_path)
    assert sorted(line.split(":")[0] for line in found.skipped) == ["green/notes.txt", "red/3.png"]
    assert len(found.pictures) == 35
    assert np.bincount(found.pictures.labels).tolist() == [12, 12, 11]
    middle = found.pictures.pixels[: len(found.pictures), :, 8, 8]
    assert [int(row.argmax()) for row in middle] == [2] * 12 + [1] * 12 + [0] * 11


def test_folders_that_part_the_pictures_are_kept_to(tmp_path):
    write(tmp_path / "data/train")
    write(tmp_path / "data/val", 4)
    found = read(tmp_path / "data", tmp_path)
    assert len(found.parts.judging) == 12
    assert found.pictures.labels[found.parts.judging].tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_pictures_are_decoded_once(tmp_path):
    write(tmp_path / "data")
    decoded = []
    read(tmp_path / "data", tmp_path, progress=decoded.append)
    assert decoded[-1] == 1
    count = len(decoded)
    read(tmp_path / "data", tmp_path, progress=decoded.append)
    assert len(decoded) == count
    Image.new("RGB", (9, 9)).save(tmp_path / "data/red/new.png")
    assert len(read(tmp_path / "data", tmp_path, progress=decoded.append).pictures) == 37
    assert len(decoded) == 2 * count + 1


@pytest.mark.parametrize(
    ("classes", "count", "said"),
    [
        (["red"], 12, "has 1 folders with files in them: it takes one for each of two classes"),
        (["red", "blue"], 4, "has 4 readable pictures of 'blue': each class takes 10 at least"),
    ],
)
def test_too_little_is_refused_in_a_sentence(classes, count, said, tmp_path):
    write(tmp_path / "data", count, {name: COLOURS[name] for name in classes})
    with pytest.raises(DataError, match=said):
        read(tmp_path / "data", tmp_path)


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="is no folder: pass one that has a folder of pictures for each class"):
        read(tmp_path / "nothing", tmp_path)
