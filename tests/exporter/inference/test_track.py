"""From a video to a video with masks, the masks themselves, and figures of every frame."""

import json
import os
import shutil
from contextlib import nullcontext
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from exporter.backends.loading import load_checked
from exporter.errors import PromptError, VideoError
from exporter.inference import track
from exporter.inference.prompts import Prompt
from exporter.inference.track import track_file
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.media.videos.video import open_video
from exporter.media.videos.writing import video_writer
from tests.exporter.atomic.killed import killed_everywhere

FRAMES, HEIGHT, WIDTH = 6, 66, 98
CLIP, MASKS = sample_clip(FRAMES, HEIGHT, WIDTH)
POINT = Prompt(points=[sample_click(MASKS)], labels=[1])
BOX = Prompt(box=(4, 4, 40, 40))


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    with video_writer(path, 12, WIDTH, HEIGHT) as writer:
        for frame in CLIP:
            writer.write(frame)
    return path


def test_video_masks_and_figures_are_written(tracker_bundle, video, tmp_path):
    tracked = track_file(tracker_bundle, video, [POINT, BOX], tmp_path / "out.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4", "out.json", "out-masks", "out-sheet.png"}
    written = open_video(tracked.video)
    assert (written.width, written.height, written.fps, len(list(written))) == (WIDTH, HEIGHT, 12, FRAMES)
    figures = json.loads((tmp_path / "out.json").read_text())
    assert [entry["frame"] for entry in figures["by_frame"]] == list(range(FRAMES))
    for entry in figures["by_frame"]:
        with Image.open(tmp_path / "out-masks" / f"{entry['frame']:05d}.png") as picture:
            labels = np.asarray(picture)
        assert labels.shape == (HEIGHT, WIDTH)
        assert [one["area"] for one in entry["objects"]] == [int((labels == index).sum()) for index in (1, 2)]
    assert tracked.fps > 0
    assert set(tracked.ms) == {"encode_image", "prompt_points", "track_first", "track_step"}


def test_times_and_the_pixels_aspect_are_those_of_the_video(tracker_bundle, tmp_path):
    path, times = tmp_path / "clip.mp4", [0, 1 / 30, 2 / 30, 32 / 30]
    with video_writer(path, 12, WIDTH, HEIGHT, Fraction(4, 3)) as writer:
        for frame, time in zip(CLIP, times, strict=False):
            writer.write(frame, time)
    x, y = sample_click(MASKS)
    corner = Prompt(points=[(x * 4 / 3, y), (WIDTH * 4 // 3, HEIGHT)], labels=[1, 0])
    tracked = track_file(tracker_bundle, path, [corner], tmp_path / "out.mp4", first=1)
    written = open_video(tracked.video)
    assert (written.width, written.height, written.pixel_aspect) == (WIDTH, HEIGHT, Fraction(4, 3))
    assert [frame.time for frame in written.frames()] == pytest.approx([0, 1 / 30, 31 / 30], abs=1e-4)
    figures = json.loads((tmp_path / "out.json").read_text())
    assert [entry["time"] for entry in figures["by_frame"]] == pytest.approx(times[1:], abs=1e-4)
    assert (figures["displayed"], figures["pixel_aspect"], figures["cut_short"]) == ([131, HEIGHT], "4:3", None)


def test_a_video_that_is_cut_short_is_followed_as_far_as_it_goes(tracker_bundle, video, tmp_path):
    short = tmp_path / "short.mp4"
    short.write_bytes(video.read_bytes()[:-600])
    tracked = track_file(tracker_bundle, short, [POINT], tmp_path / "out.mp4")
    assert 0 < tracked.frames < FRAMES
    assert f"damaged after its first {tracked.frames} of {FRAMES} frames" in tracked.cut_short
    assert json.loads((tmp_path / "out.json").read_text())["cut_short"] == tracked.cut_short
    with pytest.raises(VideoError, match="damaged after"):
        track_file(tracker_bundle, short, [POINT], tmp_path / "other.mp4", first=FRAMES - 1)
    assert not (tmp_path / "other.mp4").exists()


def test_tracking_may_start_later(tracker_bundle, video, tmp_path):
    tracked = track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=4)
    assert tracked.frames == 2
    assert sorted(path.name for path in (tmp_path / "out-masks").iterdir()) == ["00004.png", "00005.png"]


def test_a_second_run_replaces_the_first(tracker_bundle, video, tmp_path):
    for first in (0, 4):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=first)
    assert len(list((tmp_path / "out-masks").iterdir())) == 2


def test_so_it_does_where_the_first_was_of_a_long_video(tracker_bundle, video, tmp_path):
    track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=4)
    figures = json.loads((tmp_path / "out.json").read_text())
    (tmp_path / "out.json").write_text(json.dumps(figures | {"by_frame": figures["by_frame"] * 10_000}, indent=1))
    track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=4)
    assert (tmp_path / "out.json").stat().st_size < 10_000


@pytest.fixture
def loaded_once(monkeypatch):
    """Artefacts are loaded in this process, once, so that a run in a fork of it takes a tenth of a second."""
    loaded = {}

    def load(format, path, *rest):
        if path not in loaded:
            loaded[path] = load_checked(format, path, *rest)
        return loaded[path]

    monkeypatch.setattr(track, "isolated", lambda: nullcontext(load))


def frames_of(folder) -> int | None:
    """How many frames its results are of, which all of them agree on; None if there are none."""
    if not any(folder.iterdir()):
        return None
    assert {path.name for path in folder.iterdir()} == {"out.mp4", "out.json", "out-masks", "out-sheet.png"}
    counts = {len(list(open_video(folder / "out.mp4"))), len(list((folder / "out-masks").iterdir())),
              json.loads((folder / "out.json").read_text())["frames"]}  # fmt: skip
    (count,) = counts
    return count


@pytest.mark.parametrize("before", [None, 2], ids=["first run", "replacing"])
def test_wherever_it_is_killed_while_it_publishes_the_next_run_goes_on(
    tracker_bundle, video, tmp_path, loaded_once, before
):
    def run(frames: int, point: Prompt = POINT) -> None:
        track_file(tracker_bundle, video, [point], tmp_path / "out.mp4", first=FRAMES - frames, threads=1)

    def prepare() -> None:
        if before is None:
            shutil.rmtree(tmp_path)
            tmp_path.mkdir()

    run(2)
    seen = set()
    for _ in killed_everywhere(prepare, lambda: run(1), begin="journal.new"):
        with pytest.raises(PromptError, match="outside the frame"):
            run(1, Prompt(points=[(WIDTH + 1, 0)], labels=[1]))
        seen.add(frames_of(tmp_path))
        run(2)
        assert frames_of(tmp_path) == 2
    assert seen == {before, 1}, "it was killed both before and after"


@pytest.mark.parametrize(
    ("prompts", "first", "error", "complaint"),
    [
        ([], 0, PromptError, "no prompt"),
        ([Prompt(points=[(WIDTH + 1, 0)], labels=[1])], 0, PromptError, "outside the frame"),
        ([POINT], FRAMES, VideoError, f"ends before frame {FRAMES}"),
        ([POINT], -1, VideoError, "There is no frame -1"),
    ],
)
def test_what_cannot_be_done_leaves_nothing(tracker_bundle, video, tmp_path, prompts, first, error, complaint):
    with pytest.raises(error, match=complaint):
        track_file(tracker_bundle, video, prompts, tmp_path / "out.mp4", first)
    assert not list(tmp_path.iterdir())


def test_a_video_whose_size_changes_leaves_nothing(tracker_bundle, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for number, size in enumerate([(64, 48), (64, 48), (48, 64)]):
        Image.new("RGB", size).save(frames / f"{number}.png")
    with pytest.raises(VideoError, match=r"[Ff]rame 2 "):
        track_file(tracker_bundle, frames, [Prompt(points=[(5, 5)], labels=[1])], tmp_path / "out" / "out.mp4")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["out-masks/drawn-by-hand.png", "out.json", "out-sheet.png"])
def test_files_that_are_not_of_an_earlier_run_are_not_replaced(tracker_bundle, video, tmp_path, name):
    precious = tmp_path / name
    precious.parent.mkdir(exist_ok=True)
    precious.write_text("dear")
    with pytest.raises(VideoError, match="not of an earlier run"):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4")
    assert precious.read_text() == "dear"


@pytest.mark.parametrize("content", [b"[" * 100_000, b"[1]", b'{"masks": "out-masks", "sheet": 3}', b"\xff\xfe", b"\0"])
def test_figures_that_are_none_are_not_replaced(tracker_bundle, video, tmp_path, content):
    (tmp_path / "out.json").write_bytes(content)
    with pytest.raises(VideoError, match="not of an earlier run"):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4")
    assert (tmp_path / "out.json").read_bytes() == content


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_what_is_no_file_in_place_of_figures_is_not_waited_for(tracker_bundle, video, tmp_path, make):
    make(tmp_path / "out.json")
    with pytest.raises(VideoError, match="not of an earlier run"):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4")


def test_the_video_that_is_read_is_not_replaced(tracker_bundle, video):
    before = video.read_bytes()
    with pytest.raises(VideoError, match="is to be read"):
        track_file(tracker_bundle, video, [POINT], video)
    assert video.read_bytes() == before


def test_a_folder_is_no_place_for_a_video(tracker_bundle, video, tmp_path):
    with pytest.raises(VideoError, match="is a folder"):
        track_file(tracker_bundle, video, [POINT], tmp_path)


def test_a_mask_that_is_read_is_not_replaced(tracker_bundle, video, tmp_path):
    track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=4)
    mask = tmp_path / "out-masks" / "00004.png"
    with pytest.raises(VideoError, match="is to be read"):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", keep=[mask])
    assert mask.exists()


def test_a_video_among_its_own_frames_is_refused(tracker_bundle, tmp_path):
    with pytest.raises(VideoError, match="among the frames"):
        frames = tmp_path / "frames"
        frames.mkdir()
        Image.fromarray(CLIP[0]).save(frames / "0.png")
        track_file(tracker_bundle, frames, [POINT], frames / "out.mp4")


def test_a_name_that_is_no_videos_leaves_no_folder(tracker_bundle, video, tmp_path):
    with pytest.raises(VideoError, match="end its name in"):
        track_file(tracker_bundle, video, [POINT], tmp_path / "new" / "out.avi")
    assert not (tmp_path / "new").exists()
