"""A video yields what its header promises, or says what is missing, after the frames that could be read."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from exporter.errors import CutShortError, VideoError
from exporter.media.videos.video import open_video
from tests.exporter.media.videos.clips import Stream, cornered, flat_frames, mux, noise, write

av = pytest.importorskip("av")

FRAMES = 20
NOISE = noise(48, 64, FRAMES)


def frames_until_it_ends(path):
    read = []
    with pytest.raises(CutShortError) as caught:
        for frame in open_video(path):
            read.append(frame)
    return read, str(caught.value)


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("clip.mp4", "libx264", {"movflags": "+faststart"}),
        ("clip.mp4", "mpeg4", {"movflags": "+faststart"}),
        ("clip.mp4", "libx264", {"movflags": "+frag_every_frame+empty_moov"}),
        ("clip.mkv", "libx264", {}),
        ("clip.webm", "libvpx-vp9", {}),
        ("clip.avi", "mpeg4", {}),
        ("clip.flv", "flv", {}),
        ("clip.wmv", "wmv2", {}),
        ("clip.mxf", "mpeg2video", {}),
        ("clip.ivf", "libvpx-vp9", {}),
    ],
    ids=["h264", "mpeg4", "fragments", "mkv", "webm", "avi", "flv", "wmv", "mxf", "ivf"],
)
def test_a_file_cut_short_yields_what_it_has_and_says_so(tmp_path, name, codec, container, share):
    path = cut(mux(tmp_path / name, Stream(codec, NOISE), **container), share)
    read, sentence = frames_until_it_ends(path)
    assert 0 < len(read) < FRAMES
    assert str(path) in sentence
    assert f"{len(read)}" in sentence


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("clip.mp4", "libx264", {}),
        ("clip.mp4", "libx264", {"movflags": "+frag_every_frame+empty_moov+frag_discont"}),
        ("clip.mp4", "libx264", {"movflags": "+frag_keyframe+empty_moov+delay_moov"}),
        ("clip.mp4", "libx264", {"movflags": "+dash+global_sidx+frag_keyframe"}),
        ("clip.mov", "mpeg4", {}),
        ("clip.mkv", "libx264", {}),
        ("clip.webm", "libvpx-vp9", {}),
        ("clip.flv", "flv", {}),
        ("clip.flv", "flv", {"flvflags": "+no_duration_filesize"}),
        ("clip.wmv", "wmv2", {}),
        ("clip.mxf", "mpeg2video", {}),
    ],
    ids=["mp4", "fragments", "late header", "dash", "mov", "mkv", "webm", "flv", "live flv", "wmv", "mxf"],
)
@pytest.mark.parametrize("first", [0, 50, 90000])
def test_a_whole_file_is_one_whenever_its_clock_begins(tmp_path, name, codec, container, first):
    ticks = range(first, first + FRAMES)
    video = open_video(mux(tmp_path / name, Stream(codec, NOISE, ticks=ticks, max_b_frames=0), **container))
    times = [frame.time for frame in video.frames()]
    assert times == pytest.approx([index / 25 for index in range(FRAMES)], abs=1e-3)


@pytest.mark.parametrize("first", [0, 50])
def test_an_mkv_that_ends_before_its_duration_is_cut_short_whenever_its_clock_begins(tmp_path, first):
    path = mux(tmp_path / "clip.mkv", Stream("libx264", NOISE, ticks=range(first, first + FRAMES)))
    content = path.read_bytes()
    size = content.index(b"\x18\x53\x80\x67") + 4
    path.write_bytes(content[:size] + b"\x01" + b"\xff" * 7 + content[size + 8 :])  # a segment of unknown size
    read, sentence = frames_until_it_ends(cut(path, 0.5))
    assert 0 < len(read) < FRAMES
    assert f"says that it lasts {first / 25 + 0.8:.2f} s, and it ends after {first / 25 + 0.36:.2f} s" in sentence


def test_a_header_that_promises_too_much_is_named(tmp_path):
    path = mux(tmp_path / "clip.ivf", Stream("libvpx-vp9", NOISE[:5]))
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, 24, 48)  # the number of frames
    path.write_bytes(content)
    read, sentence = frames_until_it_ends(path)
    assert len(read) == 5
    assert "says that it has 48 frames, and 5 can be read" in sentence


def test_damage_amidst_frames_ends_them_where_it_is(tmp_path):
    path = write(tmp_path / "clip.mp4", NOISE)
    content = bytearray(path.read_bytes())
    middle = content.index(b"mdat") + (len(content) - content.index(b"mdat")) // 2
    content[middle : middle + 4000] = bytes(4000)
    path.write_bytes(content)
    read, sentence = frames_until_it_ends(path)
    assert 0 < len(read) < FRAMES
    assert f"is damaged after its first {len(read)} of {FRAMES} frames" in sentence


def test_a_recording_that_lacks_its_index_is_called_cut_off(tmp_path):
    path = mux(tmp_path / "clip.mp4", Stream("libx264", NOISE))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 100])
    with pytest.raises(VideoError, match=r"is cut off: it lacks its index \(moov\), which is written last"):
        open_video(path)


def test_nothing_but_a_header_has_no_frames(tmp_path):
    path = mux(tmp_path / "clip.mp4", Stream("libx264", NOISE), movflags="+faststart")
    path.write_bytes(path.read_bytes()[: path.read_bytes().index(b"mdat") + 4])
    with pytest.raises(VideoError, match=r"has no frames|is damaged or no video") as caught:
        open_video(path)
    assert not isinstance(caught.value, CutShortError)


def test_a_recording_that_begins_amidst_frames_is_read_from_the_first_whole_one(tmp_path):
    path = mux(tmp_path / "clip.ts", Stream("mpeg2video", NOISE))  # every twelfth needs no other
    content = path.read_bytes()
    path.write_bytes(content[188 * (len(content) // 188 // 4) :])  # packets have 188 bytes
    assert FRAMES - 12 <= len(list(open_video(path))) < FRAMES


def edited(path, media_time, duration=None):
    """The clip with another edit list: from `media_time` on, in ticks of the track, for `duration` in ms."""
    content = bytearray(path.read_bytes())
    entry = content.index(b"elst") + 12
    struct.pack_into(">i", content, entry + 4, media_time)
    if duration is not None:
        struct.pack_into(">I", content, entry, duration)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("skipped", "duration", "left"), [(0, None, 20), (3, None, 17), (15, None, 5), (3, 200, 5)])
def test_frames_that_an_edit_list_leaves_out_are_not_missed(tmp_path, skipped, duration, left):
    path = mux(tmp_path / "clip.mov", Stream("libx264", NOISE))  # with B frames, so its edit list begins at 1024
    video = open_video(edited(path, 1024 + skipped * 512, duration))
    frames = list(video.frames())
    assert (video.count, len(frames)) == (left, left)
    assert [frame.time for frame in frames] == pytest.approx([index / 25 for index in range(left)])


def test_empty_frames_of_an_avi_are_not_missed_and_keep_the_time(tmp_path):
    path = mux(tmp_path / "clip.avi", Stream("mpeg4", NOISE[:5], ticks=[0, 1, 6, 7, 12]))
    video = open_video(path)
    assert video.count == 5
    assert [frame.time for frame in video.frames()] == pytest.approx([0, 0.04, 0.24, 0.28, 0.48])


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_an_avi_with_frames_out_of_order_has_them_at_its_rate(tmp_path, codec):
    video = open_video(mux(tmp_path / "clip.avi", Stream(codec, NOISE, max_b_frames=2)))
    assert [frame.time for frame in video.frames()] == pytest.approx([index / 25 for index in range(FRAMES)])


@pytest.mark.parametrize(
    ("name", "codec", "aspect"),
    [
        ("clip.mp4", "libx264", Fraction(4, 3)),
        ("clip.mkv", "libx264", Fraction(4, 3)),
        ("clip.mov", "mpeg4", Fraction(1, 2)),
        ("clip.ts", "libx264", Fraction(16, 11)),
        ("clip.avi", "mpeg4", Fraction(12, 11)),
        ("clip.mp4", "libx264", Fraction(1, 1)),
    ],
)
def test_the_pixels_aspect_is_found_wherever_it_stands(tmp_path, name, codec, aspect):
    video = open_video(mux(tmp_path / name, Stream(codec, flat_frames(), sample_aspect_ratio=aspect)))
    assert video.pixel_aspect == aspect
    assert video.displayed == (round(64 * aspect), 48)


@pytest.mark.parametrize("spacing", [(0, 0), (1, 0), (0, 1), (1, 60000)])
def test_an_aspect_that_no_video_has_is_none(tmp_path, spacing):
    path = mux(tmp_path / "clip.mov", Stream("mpeg4", flat_frames(), sample_aspect_ratio=Fraction(4, 3)))
    content = bytearray(path.read_bytes())
    struct.pack_into(">II", content, content.index(b"pasp") + 4, *spacing)
    path.write_bytes(content)
    assert open_video(path).pixel_aspect in (Fraction(4, 3), Fraction(1))  # the codec's, or none


def test_the_aspect_of_a_clip_on_its_side_is_turned_with_it(tmp_path):
    quarter = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    video = open_video(
        mux(
            tmp_path / "clip.mp4",
            Stream("libx264", [cornered()], matrix=quarter, sample_aspect_ratio=Fraction(4, 3)),
        )
    )
    assert (video.width, video.height, video.pixel_aspect) == (48, 64, Fraction(3, 4))
    assert video.displayed == (48, 85)


def test_a_film_that_begins_after_its_sound_keeps_its_times(tmp_path):
    with av.open(tmp_path / "clip.mkv", "w") as container:
        sound, film = container.add_stream("aac", rate=8000), container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        silence.sample_rate, silence.pts = 8000, 0
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
        for index in range(3):
            picture = av.VideoFrame.from_ndarray(NOISE[index]).reformat(format="yuv420p")
            picture.pts = 15 + index
            container.mux(film.encode(picture))
        container.mux(film.encode(None))
    times = [frame.time for frame in open_video(tmp_path / "clip.mkv").frames()]
    assert np.diff(times) == pytest.approx([0.04, 0.04])
    assert times[0] > 0.5
