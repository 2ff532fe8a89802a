"""Which files are opened as videos, and which of their streams is looked at."""

import io
import struct
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from exporter.errors import VideoError
from exporter.media.videos.video import open_video
from tests.exporter.media.videos.clips import Stream, flat_frames, mux, write

av = pytest.importorskip("av")
from av.stream import Disposition  # noqa: E402

KINDS = {
    "clip.mov": "libx264",
    "clip.mkv": "libx264",
    "clip.webm": "libvpx-vp9",
    "clip.3gp": "mpeg4",
    "clip.avi": "mpeg4",
    "clip.ts": "libx264",
    "clip.mpg": "mpeg2video",
    "clip.vob": "mpeg2video",
    "clip.flv": "libx264",
    "clip.wmv": "wmv2",
    "clip.ogv": "libvpx",
    "clip.mxf": "mpeg2video",
    "clip.ivf": "libvpx-vp9",
    "clip.h264": "libx264",
    "clip.hevc": "libx265",
    "clip.m2v": "mpeg2video",
}
PIXELS = {
    "clip.apng": ("apng", "rgb24"),
    "clip.mjpeg": ("mjpeg", "yuvj420p"),
    "clip.y4m": ("wrapped_avframe", "yuv420p"),
}


@pytest.mark.parametrize(
    ("name", "codec", "pixels"), [(name, codec, "yuv420p") for name, codec in KINDS.items()] +
    [(name, *how) for name, how in PIXELS.items()], ids=lambda value: value if "." in value else ""
)  # fmt: skip
def test_frames_come_in_order_and_in_their_colours_from(tmp_path, name, codec, pixels):
    video = open_video(mux(tmp_path / name, Stream(codec, flat_frames(), pixels=pixels)))
    frames = list(video.frames())
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    for frame, written in zip(frames, flat_frames(), strict=True):
        assert np.abs(frame.pixels[20:28, 28:36].astype(int) - written[20:28, 28:36]).max() <= 12


def test_a_camcorder_s_dv_is_read_at_its_rate(tmp_path):
    frames = [np.full((576, 720, 3), 90, np.uint8)] * 3
    video = open_video(mux(tmp_path / "clip.dv", Stream("dvvideo", frames)))
    assert (video.fps, video.pixel_aspect, video.displayed) == (25, Fraction(16, 15), (768, 576))
    assert [frame.time for frame in video.frames()] == pytest.approx([0, 0.04, 0.08])


def test_other_files_are_refused_by_a_sentence_that_says_what_is_read(tmp_path):
    path = mux(tmp_path / "clip.nut", Stream("mpeg4", flat_frames()))
    with pytest.raises(VideoError, match=r"of these kinds: mp4, mov, m4v, 3gp, mkv, webm, avi, ts, .*gif"):
        open_video(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.ffconcat", "ffconcat version 1.0\nfile clip.mp4\n"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nclip.ts\n#EXT-X-ENDLIST\n"),
        ("clip.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
        ("clip.ffmeta", ";FFMETADATA1\ntitle=clip.mp4\n"),
    ],
)
def test_what_names_other_files_and_addresses_is_not_followed(tmp_path, name, content):
    for clip in ("clip.mp4", "clip.ts"):
        mux(tmp_path / clip, Stream("libx264", flat_frames()))
    (tmp_path / name).write_text(content)
    with pytest.raises(VideoError, match="is damaged or no video"):
        open_video(tmp_path / name)


def test_a_cover_is_not_the_film(tmp_path):
    cover = Stream("mjpeg", [np.zeros((96, 96, 3), np.uint8)], pixels="yuvj420p", disposition=Disposition.attached_pic)
    path = mux(tmp_path / "clip.mp4", cover, Stream("libx264", flat_frames()))
    with av.open(path) as container:
        assert any(stream.disposition & Disposition.attached_pic for stream in container.streams.video)
    video = open_video(path)
    assert (video.width, video.height, video.count, len(list(video))) == (64, 48, 5, 5)


def test_nor_is_one_that_is_attached_to_an_mkv(tmp_path):
    cover = io.BytesIO()
    Image.new("RGB", (96, 96)).save(cover, "JPEG")
    path = mux(tmp_path / "clip.mkv", Stream("libx264", flat_frames()), cover=cover.getvalue())
    with av.open(path) as container:
        assert len(container.streams.video) == 2
    assert [frame.shape for frame in open_video(path)] == [(48, 64, 3)] * len(flat_frames())


def test_a_song_with_a_cover_has_no_film(tmp_path):
    cover = Stream("mjpeg", [np.zeros((96, 96, 3), np.uint8)], pixels="yuvj420p", disposition=Disposition.attached_pic)
    with pytest.raises(VideoError, match="has no video stream"):
        open_video(mux(tmp_path / "song.mp4", cover))


SMALL = Stream("libx264", [np.full((24, 24, 3), 50, np.uint8)] * 5)
STILL = Stream("mjpeg", [np.full((96, 128, 3), 50, np.uint8)], pixels="yuvj420p")
NOTHING = Stream("libx264", [], size=(96, 128))
FILM = Stream("libx264", flat_frames())


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi"])
@pytest.mark.parametrize(
    "streams", [(SMALL, FILM), (FILM, SMALL), (STILL, FILM), (NOTHING, FILM)], ids=["small", "film", "still", "nothing"]
)
def test_of_several_streams_the_film_is_the_large_one_that_moves(tmp_path, name, streams):
    video = open_video(mux(tmp_path / name, *streams))
    assert (video.width, video.height, len(list(video))) == (64, 48, len(flat_frames()))


def test_a_default_stream_goes_before_one_that_is_a_little_larger(tmp_path):
    larger = Stream("libx264", [np.zeros((64, 96, 3), np.uint8)] * 5, disposition=Disposition(0))
    default = Stream("libx264", flat_frames(), disposition=Disposition.default)
    assert open_video(mux(tmp_path / "clip.mkv", larger, default)).width == 64


@pytest.mark.parametrize("name", ["clip.mkv", "clip.mp4", "clip.mov"])
@pytest.mark.parametrize("default_first", [True, False])
def test_one_of_four_times_the_pixels_goes_before_a_default_stream(tmp_path, name, default_first):
    default = Stream("libx264", flat_frames(), disposition=Disposition.default)
    larger = Stream("libx264", flat_frames(96, 128), disposition=Disposition(0))
    video = open_video(mux(tmp_path / name, *((default, larger) if default_first else (larger, default))))
    assert (video.width, video.height) == (128, 96)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov"])
def test_that_a_track_of_an_mp4_is_enabled_makes_it_no_larger(tmp_path, name):
    enabled = Stream("libx264", flat_frames(), disposition=Disposition.default)
    larger = Stream("libx264", flat_frames(64, 96), disposition=Disposition(0))
    assert open_video(mux(tmp_path / name, enabled, larger)).width == 96


def test_a_codec_that_ffmpeg_does_not_know_is_named_so(tmp_path):
    path = write(tmp_path / "clip.mp4", flat_frames())
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1", 2).replace(b"avcC", b"free"))
    with pytest.raises(VideoError, match="encoded in a way that FFmpeg does not know"):
        open_video(path)


@pytest.mark.parametrize(
    "title", ["Café!!!".encode("latin-1"), "Ca".encode("utf-16") + b"?", b"\x80\x81\xfe\xff\xc3\x28?"]
)
def test_metadata_may_be_in_any_encoding(tmp_path, title):
    path = mux(tmp_path / "clip.mov", Stream("libx264", flat_frames(), metadata={"handler_name": "Handler"}))
    content = path.read_bytes()
    assert b"Handler" in content
    path.write_bytes(content.replace(b"Handler", title))
    assert len(list(open_video(path))) == len(flat_frames())


@pytest.mark.parametrize(
    "name",
    ["a:b.mp4", "%03d.mp4", "-i.mp4", "file:clip.mp4", "日本.mp4", b"caf\xe9.mp4".decode(errors="surrogateescape")],
)
def test_a_name_is_a_name(tmp_path, name):
    path = write(tmp_path / "clip.mp4", flat_frames()).rename(tmp_path / name)
    assert len(list(open_video(path))) == len(flat_frames())


@pytest.mark.parametrize("size", [(16384, 16384), (4097, 4096), (65535, 300)])
def test_a_frame_that_is_too_large_is_refused_with_its_size_and_the_limit(tmp_path, size):
    path = write(tmp_path / "clip.gif", flat_frames())
    content = bytearray(path.read_bytes())
    struct.pack_into("<HH", content, 6, *size)
    path.write_bytes(content)
    with pytest.raises(VideoError, match=rf"{size[0]} x {size[1]} pixels, and at most 4096 x 4096"):
        open_video(path)


def test_a_refusal_leaves_ffmpeg_s_log_as_it_was(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"nothing")
    before = av.logging.get_level(), av.logging.get_skip_repeated()
    with pytest.raises(VideoError):
        open_video(tmp_path / "clip.mp4")
    assert (av.logging.get_level(), av.logging.get_skip_repeated()) == before
