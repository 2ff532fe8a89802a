"""Folders of frames: which files are frames, and in which order."""

from PIL import Image

from exporter.media.video import ASSUMED_FPS, open_video
from tests.exporter.media.clips import COLOURS


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for name, colour in zip(["frame2.png", "Frame10.BMP", "frame1.webp", "frame003.png"], COLOURS, strict=False):
        Image.new("RGB", (9, 7), colour).save(tmp_path / name, lossless=True)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "._frame0.png").write_text("not a picture either")
    video = open_video(tmp_path)
    assert (video.width, video.height, video.fps, video.count) == (9, 7, ASSUMED_FPS, 4)
    assert [tuple(frame[0, 0]) for frame in video] == [COLOURS[2], COLOURS[0], COLOURS[3], COLOURS[1]]


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
