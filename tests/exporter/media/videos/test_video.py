"""Moving pictures: what is written comes back, in order and upright, and every mistake has its sentence."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from exporter.errors import VideoError
from exporter.media.images import read_photo, sample_photo
from exporter.media.videos.video import ASSUMED_FPS, open_video
from tests.exporter.media.videos.clips import COLOURS, Stream, cornered, flat_frames, mux, write

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


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "libx264"), ("clip.mov", "mpeg4"), ("clip.mkv", "libx264")])
@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 1), (0, 0)),
        ((0, 1, -1, 0), (0, -1)),
        ((-1, 0, 0, -1), (-1, -1)),
        ((0, -1, 1, 0), (-1, 0)),
        ((-1, 0, 0, 1), (0, -1)),
        ((1, 0, 0, -1), (-1, 0)),
        ((0, 1, 1, 0), (0, 0)),
        ((0, -1, -1, 0), (-1, -1)),
    ],
)
def test_a_clip_is_shown_as_its_display_matrix_says(tmp_path, name, codec, matrix, corner):
    video = open_video(mux(tmp_path / name, Stream(codec, [cornered()], matrix=display_matrix(*matrix))))
    (shown,) = video
    assert shown.shape == ((64, 48, 3) if matrix[0] == 0 else (48, 64, 3)) == (video.height, video.width, 3)
    assert shown[corner].min() > 200
    assert sum(shown[y, x].min() > 200 for y in (0, -1) for x in (0, -1)) == 1


def display_matrix(a, b, c, d):
    """ISO/IEC 14496-12: (x, y) is shown at (ax + cy, bx + dy)."""
    return (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)


def test_a_matrix_that_skews_is_refused(tmp_path):
    path = mux(tmp_path / "clip.mp4", Stream("libx264", [cornered()], matrix=display_matrix(1, 1, -1, 1)))
    with pytest.raises(VideoError, match=r"clip.mp4 is to be shown skewed, or .* turn it upright in a video editor"):
        open_video(path)


@pytest.mark.parametrize(
    ("name", "codec", "unit"),
    [("clip.mp4", "libx264", 0), ("clip.mkv", "libx264", 1e-3), ("clip.ts", "libx264", 0), ("clip.flv", "flv", 1e-3)],
)
def test_frames_have_the_times_that_the_container_says(tmp_path, name, codec, unit):
    video = open_video(mux(tmp_path / name, Stream(codec, flat_frames()[:4], ticks=[0, 1, 2, 32], fps=30)))
    times = [frame.time for frame in video.frames()]
    assert times == pytest.approx([0, 1 / 30, 2 / 30, 32 / 30], abs=unit + 1e-4)


def test_a_gif_s_delays_are_its_times_and_none_is_a_tenth_of_a_second(tmp_path):
    images = [Image.fromarray(frame) for frame in flat_frames()]
    images[0].save(tmp_path / "clip.gif", save_all=True, append_images=images[1:], duration=[50, 0, 300, 0, 50])
    times = [frame.time for frame in open_video(tmp_path / "clip.gif").frames()]
    assert times == pytest.approx([0, 0.05, 0.15, 0.45, 0.55])


def test_frames_of_a_folder_have_those_of_the_assumed_rate(tmp_path):
    for number in range(3):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.png")
    frames = list(open_video(tmp_path).frames())
    assert [frame.time for frame in frames] == [0, 1 / ASSUMED_FPS, 2 / ASSUMED_FPS]
    assert {frame.duration for frame in frames} == {1 / ASSUMED_FPS}


def test_a_gif_is_white_where_it_is_transparent(tmp_path):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "clip.gif", transparency=1)
    (frame,) = open_video(tmp_path / "clip.gif")
    assert frame.min() == 255


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
    for name, content in {"text.txt": b"not a video\n" * 100, "noise.mp4": bytes(range(256))}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=rf"{name} is damaged or no video"):
            open_video(tmp_path / name)


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path):
    """In a process of its own, whose memory is measured: a GIF of a few bytes for each of 40 large frames."""
    header = b"GIF89a" + struct.pack("<HHBBB", 2048, 2048, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\4\0\2\0\0\0\x2c" + struct.pack("<4HB", 0, 0, 2048, 2048, 0) + b"\2\2\x44\1\0"
    (tmp_path / "a.gif").write_bytes(header + 40 * frame + b";")
    code = (
        "import sys\n"
        "from exporter.media.videos.video import open_video\n"
        "from tests.exporter.media.peak_memory import peak_megabytes\n"
        "frames = iter(open_video(sys.argv[1]))\n"
        "first, few = next(frames), peak_megabytes()\n"
        "print(1 + sum(1 for _ in frames), peak_megabytes() - few)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.gif")], capture_output=True, text=True)
    count, more = done.stdout.split()
    assert int(count) == 40
    assert float(more) < 100


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


def test_reading_needs_no_torch_and_av_only_when_used():
    code = (
        "import sys; sys.modules['av'] = sys.modules['torch'] = None\n"
        "import exporter.media.videos.video, exporter.media.overlay\n"
        "try: exporter.media.videos.video.open_video('pyproject.toml')\n"
        "except ModuleNotFoundError as error: assert error.name == 'av'; print('named')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "named\n"
