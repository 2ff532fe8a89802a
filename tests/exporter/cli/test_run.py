"""`vitexport run`: one picture through a bundle's artefacts."""

import json

import numpy as np
import pytest
from PIL import Image

from exporter.media.images import sample_photo
from exporter.media.masks import write_label_png
from tests.exporter.cli.command_line import assert_one_sentence, run

PHOTO = str(sample_photo("china.jpg"))


def test_a_photo_is_classified_by_every_variant(two_precisions):
    done = run("run", str(two_precisions), PHOTO)
    assert (done.returncode, done.stderr) == (0, "")
    header, *rows = done.stdout.splitlines()
    # Interpreted ones come last.
    assert header.split() == ["class", "label", "onnx", "coreml", "fp16", "coreml", "fp32"]
    assert len(rows) == 6  # five classes, the warning
    assert "UNTRAINED" in rows[-1]


def test_a_photo_with_a_broken_exif_block_is_classified_and_a_line_says_that_it_is_not_turned(onnx_bundle, tmp_path):
    Image.new("RGB", (80, 60)).save(tmp_path / "broken.png", exif=b"Exif\0\0\0\x08\0\x02")
    done = run("run", str(onnx_bundle), str(tmp_path / "broken.png"), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["predictions"]
    assert done.stderr.startswith("vitexport: The EXIF block of ")
    assert done.stderr.count("\n") == 1


def test_a_damaged_photo_is_one_sentence(onnx_bundle, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    assert_one_sentence(run("run", str(onnx_bundle), str(tmp_path / "broken.png")), "broken.png is a damaged PNG")


def test_a_format_and_a_precision_may_be_chosen(two_precisions):
    def asked(*options: str) -> dict:
        return json.loads(run("run", str(two_precisions), PHOTO, "--json", *options).stdout)

    answers = asked("--format", "onnx")
    assert answers["trained"] is False
    assert list(answers["predictions"]) == ["onnx"]
    assert len(answers["predictions"]["onnx"]) == 5
    assert list(asked("--precision", "fp32")["predictions"]) == ["onnx", "coreml fp32"]
    assert list(asked("--precision", "fp16")["predictions"]) == ["coreml fp16"]
    both = ("--precision", "fp16", "--precision", "fp32", "--format", "coreml")
    assert list(asked(*both)["predictions"]) == ["coreml fp16", "coreml fp32"]


def test_a_precision_that_the_bundle_lacks_is_one_sentence(onnx_bundle):
    assert_one_sentence(run("run", str(onnx_bundle), PHOTO, "--precision", "fp16"), "fp16")


def test_a_classifier_takes_no_prompts(onnx_bundle):
    assert_one_sentence(run("run", str(onnx_bundle), PHOTO, "--point", "1,1"), "takes no prompts")


def test_what_a_prompt_points_at_is_found(tracker_bundle, tmp_path):
    out = tmp_path / "found.png"
    arguments = ["run", str(tracker_bundle.path), PHOTO, "--point", "300,200"]
    assert_one_sentence(run(*arguments, "--out", str(tmp_path / "found")), "is no picture")
    (found,) = json.loads(run(*arguments, "--out", str(out), "--json").stdout)
    assert (found["format"], found["object"]) == ("onnx", 1)
    assert out.is_file()


def test_the_objects_found_are_a_table(tracker_bundle, tmp_path):
    prompts = ["--point", "300,200", "--object", "--box", "10,10,200,200"]
    out = tmp_path / "found.png"
    done = run("run", str(tracker_bundle.path), PHOTO, *prompts, "--out", str(out))
    header, first, second, picture = done.stdout.splitlines()
    assert header.split()[:3] == ["format", "object", "pixels"]
    assert (first.split()[:2], second.split()[:2]) == (["onnx", "1"], ["onnx", "2"])
    assert picture == f"Picture  {out}"


@pytest.fixture
def two_objects(tmp_path):
    """A mask of the photo's size with the objects 1 and 2."""
    with Image.open(PHOTO) as photo:
        labels = np.zeros((photo.height, photo.width), np.uint8)
    labels[100:150, 100:150], labels[200:300, 300:400] = 1, 2
    write_label_png(tmp_path / "two.png", labels)
    return tmp_path / "two.png"


def test_a_mask_of_two_objects_is_two_prompts_or_one_of_them_by_its_number(tracker_bundle, two_objects, tmp_path):
    def found(*options: str) -> list[int]:
        arguments = ["run", str(tracker_bundle.path), PHOTO, *options, "--out", str(tmp_path / "found.png"), "--json"]
        return [one["object"] for one in json.loads(run(*arguments).stdout)]

    assert found("--mask", str(two_objects)) == [1, 2]
    assert found("--mask", f"{two_objects}:2") == [2]
    assert found("--mask", str(two_objects), "--object", "--point", "300,200") == [1, 2, 3]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--mask", "{}:3"], "holds objects 1, 2 and no object 3: name one"),
        (["--mask", "{}", "--point", "1,1"], "a mask, or points and a box"),
        (["--mask", "{}:1", "--mask", "{}:2"], "put --object before"),
        (["--mask", "{}:x"], "There is no mask"),
    ],
)
def test_a_mask_that_says_too_little_or_too_much_is_one_sentence(tracker_bundle, two_objects, options, complaint):
    given = [option.format(two_objects) for option in options]
    assert_one_sentence(run("run", str(tracker_bundle.path), PHOTO, *given), complaint)


def test_the_mask_is_not_replaced_however_it_is_named(tracker_bundle, two_objects):
    arguments = ["run", str(tracker_bundle.path), PHOTO, "--mask", f"{two_objects}:1", "--out", str(two_objects)]
    assert_one_sentence(run(*arguments), "would be replaced: pass another --out")
