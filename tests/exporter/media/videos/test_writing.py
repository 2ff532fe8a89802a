"""Videos as they are written: what players need is in them, and an interrupted one leaves nothing."""

from fractions import Fraction

import numpy as np
import pytest

from exporter.errors import VideoError
from exporter.media.videos.video import open_video
from exporter.media.videos.writing import video_writer
from tests.exporter.media.videos.clips import COLOURS, flat_frames, write

av = pytest.importorskip("av")


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


@pytest.mark.parametrize("encoder", ["libx264", "mpeg4"])
@pytest.mark.parametrize("fps", [1 / 86400, 0.0004, 0.25, 24000 / 1001, 960.0, 5000.0])
def test_slow_and_fast_rates_are_kept(tmp_path, monkeypatch, encoder, fps):
    monkeypatch.setattr(av, "codecs_available", {encoder})
    path = write(tmp_path / "clip.mp4", flat_frames(), fps)
    monkeypatch.undo()
    times = [frame.time for frame in open_video(path).frames()]
    assert times == pytest.approx([index / fps for index in range(len(COLOURS))], rel=0.02, abs=1e-6)


UNEVEN, DURATIONS = [7, 7 + 1 / 30, 7 + 2 / 30, 7 + 32 / 30], [1 / 30, 1 / 30, 1, 0.5]


def write_at(path, times, durations=None, fps=10.0):
    with video_writer(path, fps, 64, 48) as writer:
        for frame, time, duration in zip(flat_frames(), times, durations or [None] * len(times), strict=False):
            writer.write(frame, time, duration)
    return open_video(path)


@pytest.mark.parametrize("encoder", ["libx264", "mpeg4"])
@pytest.mark.parametrize(("name", "unit"), [("clip.mp4", 1e-5), ("clip.webm", 1e-3), ("clip.gif", 1e-2)])
def test_frames_are_shown_at_their_times_from_the_first_on(tmp_path, monkeypatch, name, unit, encoder):
    monkeypatch.setattr(av, "codecs_available", {encoder, "libvpx-vp9", "gif"})
    video = write_at(tmp_path / name, UNEVEN, DURATIONS)
    monkeypatch.undo()
    frames = list(video.frames())
    assert [frame.time for frame in frames] == pytest.approx([0, 1 / 30, 2 / 30, 32 / 30], abs=unit)
    assert frames[-1].duration == pytest.approx(0.5, abs=unit)
    with av.open(video.path) as container:
        assert container.duration / 1e6 == pytest.approx(32 / 30 + 0.5, abs=2 * unit)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.gif"])
def test_frames_at_one_time_stay_apart_and_in_order(tmp_path, name):
    times = [frame.time for frame in write_at(tmp_path / name, [1, 1, 1, 1.5, 2]).frames()]
    assert np.diff(times).min() > 0
    assert times[3:] == pytest.approx([0.5, 1])


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.gif"])
def test_a_single_frame_lasts(tmp_path, name):
    (frame,) = write_at(tmp_path / name, [3], [2.0]).frames()
    assert (frame.time, frame.duration) == (0, 2)


def test_a_gif_cannot_show_a_frame_for_an_hour(tmp_path):
    with pytest.raises(VideoError, match="Frame 0 is to be shown for longer than 655 s"):
        write_at(tmp_path / "clip.gif", [0, 3600])
    assert [frame.time for frame in write_at(tmp_path / "clip.mp4", [0, 3600]).frames()] == [0, 3600]


@pytest.mark.parametrize("encoder", ["libx264", "mpeg4"])
@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(16, 11), Fraction(8, 9)])
def test_an_mp4_states_the_aspect_of_its_pixels(tmp_path, monkeypatch, encoder, aspect):
    monkeypatch.setattr(av, "codecs_available", {encoder})
    path = write(tmp_path / "clip.mp4", flat_frames(), pixel_aspect=aspect)
    monkeypatch.undo()
    with av.open(path) as container:
        assert container.streams.video[0].sample_aspect_ratio == aspect
    assert (open_video(path).width, open_video(path).height) == (64, 48)


@pytest.mark.parametrize("name", ["clip.webm", "clip.gif"])
def test_elsewhere_frames_are_stretched_to_what_players_would_show(tmp_path, name):
    video = open_video(write(tmp_path / name, flat_frames(), pixel_aspect=Fraction(4, 3)))
    assert (video.width, video.height, video.pixel_aspect) == (85, 48, 1)
    for frame, written in zip(video, COLOURS, strict=True):
        assert np.abs(frame.astype(int) - written).max() <= 4


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
