"""Moving pictures: what is written comes back, in order and upright, and every mistake has its sentence."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from exporter.errors import ImageError, VideoError
from exporter.media.images import read_photo, sample_photo
from exporter.media.video import ASSUMED_FPS, PALETTE, open_video, read_mask, video_writer, write_label_png

av = pytest.importorskip("av")

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40), (120, 120, 120)]


def flat_frames(height=48, width=64):
    return [np.full((height, width, 3), colour, np.uint8) for colour in COLOURS]


def noise(height, width, count):
    random = np.random.default_rng(0)
    return list(random.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def write(path, frames, fps=25.0):
    with video_writer(path, fps, frames[0].shape[1], frames[0].shape[0]) as writer:
        for frame in frames:
            writer.write(frame)
    return path


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


def test_an_mp4_is_what_phones_and_browsers_play(tmp_path):
    path = write(tmp_path / "clip.mp4", flat_frames())
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.codec_context.colorspace == 1  # BT.709, said and not left to guess
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_without_x264_an_mp4_is_still_written(tmp_path, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    path = write(tmp_path / "clip.mp4", flat_frames())
    monkeypatch.undo()
    with av.open(path) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
    for frame, written in zip(open_video(path), flat_frames(), strict=True):
        assert np.abs(frame.astype(int) - written).max() <= 8


@pytest.mark.parametrize("fps", [24.0, 30000 / 1001, 12.5, 240.0])
def test_the_rate_is_kept(tmp_path, fps):
    assert open_video(write(tmp_path / "clip.mp4", flat_frames(), fps)).fps == pytest.approx(fps, rel=1e-6)


def test_odd_sizes_of_an_mp4_grow_by_their_edge(tmp_path):
    frame = np.zeros((33, 47, 3), np.uint8)
    frame[-3:], frame[:, -3:] = 255, 255  # a white edge, which a black row would darken
    (back,) = open_video(write(tmp_path / "clip.mp4", [frame]))
    assert back.shape == (34, 48, 3)
    assert back[-1].min() > 200
    assert back[:, -1].min() > 200
    assert back[:29, :43].max() < 60


@pytest.mark.parametrize("name", ["clip.webm", "clip.gif"])
def test_odd_sizes_are_kept_elsewhere(tmp_path, name):
    (back,) = open_video(write(tmp_path / name, [np.full((33, 47, 3), 128, np.uint8)]))
    assert back.shape == (33, 47, 3)
    assert np.abs(back.astype(int) - 128).max() <= 4


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


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["clip.mp4", "new.mp4", "new.gif"])
def test_an_interrupted_video_leaves_nothing_and_an_older_one_stays(tmp_path, name, error):
    older = write(tmp_path / "clip.mp4", flat_frames()).read_bytes()
    with pytest.raises(error), video_writer(tmp_path / name, 25, 64, 48) as writer:
        for frame in flat_frames() * 16:  # more than the encoder holds back
            writer.write(frame)
        assert len(list(tmp_path.iterdir())) == 2
        raise error
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    assert (tmp_path / "clip.mp4").read_bytes() == older


def test_a_video_appears_only_when_it_is_complete(tmp_path):
    with video_writer(tmp_path / "new" / "clip.mp4", 25, 64, 48) as writer:
        writer.write(flat_frames()[0])
        assert not (tmp_path / "new" / "clip.mp4").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["clip.mp4"]


def test_what_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(VideoError, match=r"end its name in \.mp4, \.webm, \.gif"), video_writer("clip.xyz", 25, 8, 8):
        pass
    with pytest.raises(VideoError, match="no frame was"), video_writer(tmp_path / "clip.mp4", 25, 64, 48):
        pass
    with pytest.raises(VideoError, match=r"Frame 1 has the shape \[48, 32, 3\]"):
        write(tmp_path / "clip.mp4", [np.zeros((48, 64, 3), np.uint8), np.zeros((48, 32, 3), np.uint8)])
    with pytest.raises(VideoError, match="cannot be written"):
        write(tmp_path / "clip.mp4", [np.zeros((2, 20000, 3), np.uint8)])  # H.264 ends at 16384
    assert list(tmp_path.iterdir()) == []


def test_reading_needs_no_torch_and_av_only_when_used():
    code = (
        "import sys; sys.modules['av'] = sys.modules['torch'] = None\n"
        "import exporter.media.video, exporter.media.overlay\n"
        "try: exporter.media.video.open_video('pyproject.toml')\n"
        "except ModuleNotFoundError as error: assert error.name == 'av'; print('named')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "named\n"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_mask_is_what_is_not_zero(tmp_path, mode):
    expected = np.zeros((6, 5), bool)
    expected[2:4, 1:4] = True
    if mode == "P":
        # Index 1 is shown black, and is an object all the same.
        image = Image.fromarray(expected.astype(np.uint8))
        image.putpalette([255, 255, 255, 0, 0, 0])
    elif mode == "I;16":
        image = Image.fromarray(expected.astype(np.uint16))
    else:
        image = Image.fromarray(expected.astype(np.uint8) * 255).convert(mode)
    image.save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.bool_
    assert np.array_equal(mask, expected)


def test_what_is_transparent_is_no_object(tmp_path):
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[:2, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png").tolist() == [[False] * 4] * 2 + [[True] * 4] * 2


def test_what_is_no_mask_is_a_clear_error(tmp_path):
    with pytest.raises(ImageError, match="There is no mask"):
        read_mask(tmp_path / "none.png")
    Image.new("L", (8, 8)).save(tmp_path / "mask.jpg")
    with pytest.raises(ImageError, match="is not a PNG"):
        read_mask(tmp_path / "mask.jpg")
    Image.fromarray(noise(64, 64, 1)[0]).save(tmp_path / "mask.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "mask.png").read_bytes()[:1000])
    with pytest.raises(ImageError, match="Pillow cannot read"):
        read_mask(tmp_path / "cut.png")


def test_labels_are_kept_as_indices_in_the_colours_of_davis(tmp_path):
    labels = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_label_png(tmp_path / "labels.png", labels)
    with Image.open(tmp_path / "labels.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels)
        assert np.array_equal(np.asarray(image.convert("RGB")), PALETTE[labels])
    assert np.array_equal(read_mask(tmp_path / "labels.png"), labels != 0)


def test_the_palette_is_that_of_pascal_voc():
    known = {
        0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128), 8: (64, 0, 0),
        15: (192, 128, 128), 20: (0, 64, 128), 255: (224, 224, 192),
    }  # fmt: skip
    assert {label: tuple(PALETTE[label].tolist()) for label in known} == known
    assert len(np.unique(PALETTE, axis=0)) == 256
