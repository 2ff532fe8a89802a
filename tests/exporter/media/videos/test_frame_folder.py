"""Folders of frames: which files are frames, and in which order."""

import warnings

import pytest
from PIL import Image

from exporter.errors import VideoError, VitexportWarning
from exporter.media.photos.kinds import KINDS
from exporter.media.videos.frame_folder import frames_in
from exporter.media.videos.video import ASSUMED_FPS, open_video
from tests.exporter.media.videos.clips import COLOURS


def folder_of(path, *names: str):
    for name in names:
        (path / name).write_bytes(b"")
    return path


def names_of_frames(path) -> list[str]:
    return [frame.name for frame in frames_in(path)]


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for name, colour in zip(["frame2.png", "Frame10.PNG", "frame1.png", "frame003.png"], COLOURS, strict=False):
        Image.new("RGB", (9, 7), colour).save(tmp_path / name)
    video = open_video(tmp_path)
    assert (video.width, video.height, video.fps, video.count) == (9, 7, ASSUMED_FPS, 4)
    assert [tuple(frame[0, 0]) for frame in video] == [COLOURS[2], COLOURS[0], COLOURS[3], COLOURS[1]]


@pytest.mark.parametrize("ending", ["JPG", "TIFF", *(suffix[1:] for kind in KINDS for suffix in kind.suffixes)])
def test_frames_are_pictures_of_any_kind_that_is_read(tmp_path, ending):
    assert names_of_frames(folder_of(tmp_path, f"1.{ending}")) == [f"1.{ending}"]


@pytest.mark.parametrize("ending", ["avif", "gif", "jp2", "ppm", "ico"])
def test_frames_of_rarer_kinds_are_read(tmp_path, ending):
    Image.new("RGB", (16, 16), COLOURS[0]).save(tmp_path / f"1.{ending}")
    assert [frame.shape for frame in open_video(tmp_path)] == [(16, 16, 3)]


def test_what_systems_leave_in_a_folder_is_no_frame(tmp_path):
    folder_of(tmp_path, "1.jpg", "._1.jpg", "Thumbs.db", ".DS_Store", "desktop.ini", "notes.txt", "1.json")
    (tmp_path / "2.jpg").mkdir()
    (tmp_path / "masks").mkdir()
    assert names_of_frames(tmp_path) == ["1.jpg"]


def test_the_endings_of_one_kind_may_differ(tmp_path):
    assert names_of_frames(folder_of(tmp_path, "2.JPG", "1.jpeg", "3.jpg")) == ["1.jpeg", "2.JPG", "3.jpg"]


@pytest.mark.parametrize("masks", [["00000.png", "00001.png"], ["00000.png"], ["00001.PNG"]])
def test_the_masks_of_davis_beside_its_frames_are_not_among_them(tmp_path, masks):
    folder_of(tmp_path, "00000.jpg", "00001.jpg", *masks)
    with pytest.warns(VitexportWarning, match=rf"2 JPEG and {len(masks)} PNG files: the JPEG files are the frames"):
        assert names_of_frames(tmp_path) == ["00000.jpg", "00001.jpg"]


@pytest.mark.parametrize(
    ("frame", "mask"),
    [
        ("{}.png", "{}_mask.png"),
        ("{}.png", "{}_gt.png"),
        ("{}.png", "{}-mask.png"),
        ("{}.png", "{}_seg.png"),
        ("{}.png", "mask_{}.png"),
        ("{}.png", "{}mask.png"),
        ("{}.JPG", "{}_Mask.png"),
        ("{}.jpg", "{}.mask.jpg"),
        ("frame_{}.png", "frame_{}_mask.png"),
        ("frame_{}.png", "mask_{}.png"),
        ("frame{}.png", "mask{}.png"),
        ("{}_rgb.png", "{}_labels.png"),
        ("a{}.webp", "a{}_segmentation.webp"),
    ],
)
def test_masks_that_are_called_like_the_frames_beside_them_are_no_frames(tmp_path, frame, mask):
    frames = [frame.format(number) for number in range(3)]
    folder_of(tmp_path, *frames, *(mask.format(number) for number in (0, 2, 3)))
    with pytest.warns(VitexportWarning, match=rf"has 3 masks beside its frames, such as {mask.format(0)}: they are no"):
        assert names_of_frames(tmp_path) == frames


@pytest.mark.parametrize(
    "names",
    [["1_mask.png", "2_mask.png"], ["carnival.png", "unmask.png"], ["1.png", "gt3_race.png"], ["a.png", "mask.png"]],
)
def test_pictures_that_are_no_masks_of_others_are_frames(tmp_path, names):
    with warnings.catch_warnings(action="error"):
        assert names_of_frames(folder_of(tmp_path, *names)) == names


def test_of_masks_beside_frames_it_is_warned_once(tmp_path):
    for name in ("1.jpg", "2.jpg", "1.png"):
        Image.new("RGB", (16, 16)).save(tmp_path / name)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert len(list(open_video(tmp_path))) == 2
    assert [warning.category for warning in told] == [VitexportWarning]


@pytest.mark.parametrize(
    ("names", "counted"),
    [
        (["1.jpg", "2.png"], "1 JPEG and 1 PNG"),
        (["1.jpg", "1.png", "2.png"], "1 JPEG and 2 PNG"),
        (["1.webp", "1.png"], "1 PNG and 1 WebP"),
        (["1.jpg", "1.png", "1.bmp"], "1 BMP and 1 JPEG and 1 PNG"),
    ],
)
def test_other_mixtures_of_kinds_are_refused_and_counted(tmp_path, names, counted):
    with pytest.raises(VideoError, match=rf"has {counted} files, and frames are of one kind: move the others"):
        frames_in(folder_of(tmp_path, *names))


def test_a_folder_without_frames_is_a_clear_error(tmp_path):
    with pytest.raises(VideoError, match=r"has no pictures \(\.jpg .*pass a video file or a folder of frames"):
        frames_in(folder_of(tmp_path, "notes.txt"))


def test_a_folder_s_pictures_are_turned_upright(tmp_path):
    sideways = Image.new("RGB", (40, 20))
    exif = sideways.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    sideways.save(tmp_path / "1.jpg", exif=exif)
    video = open_video(tmp_path)
    assert (video.width, video.height) == (20, 40)
    frame = next(iter(video))
    assert frame.shape == (40, 20, 3)
    assert frame.flags.writeable  # torch warns of arrays that are not
