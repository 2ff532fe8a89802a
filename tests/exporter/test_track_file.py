"""From a video to a video with masks, the masks themselves, and figures of every frame."""

import json

import numpy as np
import pytest
from PIL import Image

from exporter.errors import PromptError, VideoError
from exporter.prompts import Prompt
from exporter.sample_clip import sample_click, sample_clip
from exporter.track_file import label_map, track_file
from exporter.video import open_video, video_writer

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
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4", "out.json", "out-masks"}
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


def test_tracking_may_start_later(tracker_bundle, video, tmp_path):
    tracked = track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=4)
    assert tracked.frames == 2
    assert sorted(path.name for path in (tmp_path / "out-masks").iterdir()) == ["00004.png", "00005.png"]


def test_a_second_run_replaces_the_first(tracker_bundle, video, tmp_path):
    for first in (0, 4):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4", first=first)
    assert len(list((tmp_path / "out-masks").iterdir())) == 2


@pytest.mark.parametrize(
    ("prompts", "first", "error", "complaint"),
    [
        ([], 0, PromptError, "no prompt"),
        ([Prompt(points=[(WIDTH + 1, 0)], labels=[1])], 0, PromptError, "outside the frame"),
        ([POINT], FRAMES, VideoError, f"ends before frame {FRAMES}"),
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
    with pytest.raises(VideoError, match="2"):
        track_file(tracker_bundle, frames, [Prompt(points=[(5, 5)], labels=[1])], tmp_path / "out" / "out.mp4")
    assert not list((tmp_path / "out").iterdir())


def test_other_peoples_files_are_not_replaced(tracker_bundle, video, tmp_path):
    (tmp_path / "out-masks").mkdir()
    (tmp_path / "out-masks" / "thesis.tex").write_text("dear")
    with pytest.raises(VideoError, match="pass another --out"):
        track_file(tracker_bundle, video, [POINT], tmp_path / "out.mp4")
    assert (tmp_path / "out-masks" / "thesis.tex").read_text() == "dear"


def test_where_objects_overlap_the_first_wins():
    one, two = np.zeros((1, 3), bool), np.zeros((1, 3), bool)
    one[0, :2], two[0, 1:] = True, True
    assert label_map([one, two]).tolist() == [[1, 1, 2]]
