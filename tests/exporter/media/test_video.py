"""Moving pictures: what is written comes back, in order and upright, and every mistake has its sentence."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from exporter.errors import VideoError
from exporter.media.images import read_photo, sample_photo
from exporter.media.video import open_video
from tests.exporter.media.clips import COLOURS, flat_frames, noise, write

av = pytest.importorskip("av")


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.gif", "CLIP.MP4"])
def test_frames_come_back_in_order_and_in_their_colours(tmp_path, name):
    video = open_video(write(tmp_path / name, flat_frames()))
    assert (video.width, video.height, video.fps) == (64, 48, 25.0)
    assert video.count in (len(COLOURS), None)  # a .webm does not say
    frames = list(video)
    assert all(frame.dtype == np.uint8 and frame.flags.writeable for frame in frames)
    for frame, written in zip(frames, flat_frames(), strict=True):
        assert np.abs(frame.astype(int) - written).max() <= 4


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.gif"])
def test_a_photograph_survives(tmp_path, name):
    photo = np.asarray(read_photo(sample_photo("flower.jpg")).resize((160, 120)))
    frames = [photo, photo[:, ::-1], photo]
    back = list(open_video(write(tmp_path / name, frames)))
    for frame, written in zip(back, frames, strict=True):
        # The mirrored picture is 50 grey levels away.
        assert np.abs(frame.astype(int) - written).mean() < 5


def test_a_video_can_be_read_twice_and_by_halves(tmp_path):
    video = open_video(write(tmp_path / "clip.mp4", flat_frames()))
    first, again = iter(video), iter(video)
    next(first)
    assert np.array_equal(next(first), list(again)[1])
    assert len(list(video)) == len(COLOURS)


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [((0, 1, -1, 0), (0, -1)), ((-1, 0, 0, -1), (-1, -1)), ((0, -1, 1, 0), (-1, 0)), ((1, 0, 0, 1), (0, 0))],
)
def test_a_phone_s_clip_is_turned_upright(tmp_path, matrix, corner):
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[:16, :16] = 255
    path = write(tmp_path / "clip.mp4", [frame])
    content = bytearray(path.read_bytes())
    # ISO/IEC 14496-12: (x, y) is shown at (ax + cy, bx + dy); the matrix is 40 bytes into the track's header.
    a, b, c, d = (value << 16 for value in matrix)
    struct.pack_into(">9i", content, content.index(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)

    video = open_video(path)
    (shown,) = video
    assert shown.shape == ((64, 48, 3) if matrix[0] == 0 else (48, 64, 3)) == (video.height, video.width, 3)
    assert shown[corner].min() > 200
    assert sum(shown[y, x].min() > 200 for y in (0, -1) for x in (0, -1)) == 1


def test_frames_are_read_when_they_are_asked_for(tmp_path):
    for number in (1, 2):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.png")
    frames = iter(open_video(tmp_path))
    next(frames)
    Image.new("RGB", (8, 8), "white").save(tmp_path / "2.png")
    assert next(frames).min() == 255


def test_a_frame_of_another_size_is_named(tmp_path):
    for number, size in enumerate([(8, 8), (8, 8), (9, 8)]):
        Image.new("RGB", size).save(tmp_path / f"{number}.png")
    frames = iter(open_video(tmp_path))
    next(frames), next(frames)
    with pytest.raises(VideoError, match=r"Frame 2 of .* is 9 x 8 and frame 0 is 8 x 8"):
        next(frames)


def test_what_is_no_video_is_a_clear_error(tmp_path):
    with pytest.raises(VideoError, match="There is no video"):
        open_video(tmp_path / "none.mp4")
    with pytest.raises(VideoError, match="has no pictures"):
        open_video(tmp_path)
    for name, content in {"empty.mp4": b"", "text.txt": b"not a video\n" * 100, "noise.mp4": bytes(range(256))}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=rf"{name} is damaged or no video"):
            open_video(tmp_path / name)


def test_a_playlist_opens_no_other_file(tmp_path):
    write(tmp_path / "clip.mp4", flat_frames())
    (tmp_path / "list.txt").write_text("ffconcat version 1.0\nfile clip.mp4\n")
    with pytest.raises(VideoError, match="is damaged or no video"):
        open_video(tmp_path / "list.txt")


def test_a_sound_file_has_no_video_stream(tmp_path):
    with av.open(tmp_path / "sound.mp4", "w") as container:
        stream = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    with pytest.raises(VideoError, match="has no video stream"):
        open_video(tmp_path / "sound.mp4")


def test_a_video_without_frames_is_a_clear_error(tmp_path):
    # A GIF's header for 8 x 8 pixels, and its end.
    (tmp_path / "clip.gif").write_bytes(b"GIF89a" + bytes([8, 0, 8, 0, 0, 0, 0]) + b";")
    with pytest.raises(VideoError, match="has no frames"):
        open_video(tmp_path / "clip.gif")


def test_a_video_cut_short_is_an_error_where_it_ends(tmp_path):
    path = write(tmp_path / "clip.mp4", noise(96, 128, 20))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    read = 0
    with pytest.raises(VideoError, match="is damaged or no video"):
        for _ in open_video(path):
            read += 1
    assert 0 < read < 20


def test_reading_needs_no_torch_and_av_only_when_used():
    code = (
        "import sys; sys.modules['av'] = sys.modules['torch'] = None\n"
        "import exporter.media.video, exporter.media.overlay\n"
        "try: exporter.media.video.open_video('pyproject.toml')\n"
        "except ModuleNotFoundError as error: assert error.name == 'av'; print('named')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "named\n"
