"""What `make demo` shows: a held-out clip as a video with its masks, and how well what was found agrees."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import exporter
from exporter.media.videos.video import open_video
from exporter.models.registry import model_info
from exporter.models.weights.loading import model_with_weights
from exporter.train.prompts import centre_click
from exporter.train.quality import quality, region_similarity
from exporter.train.sample import judge, sample, write


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "clip.mp4"
    return path, write(path)


def test_the_video_has_the_clips_frames_and_a_mask_for_each(written):
    path, (x, y) = written
    clip = sample()
    video = open_video(path)
    assert (video.width, video.height, len(list(video))) == (256, 256, len(clip.masks))
    masks = [np.asarray(Image.open(file)) for file in sorted(path.with_name("clip-masks").iterdir())]
    assert all(np.array_equal(kept == 1, mask) for kept, mask in zip(masks, clip.masks, strict=True))
    assert clip.masks[0, y, x]


def test_its_object_is_hidden_and_comes_back():
    clip = sample()
    assert clip.back is not None
    assert clip.shares[: clip.back].min() < 0.05


def test_the_shipped_tracker_follows_it_and_finds_it_again():
    clip = sample()
    model, _ = model_with_weights(model_info("efficienttam_nano"), "required")
    tracker = exporter.open_tracker(model)
    tracker.prompt(clip.clip.frames[0], points=[centre_click(clip.masks[0])], labels=[1])
    found = np.array([tracker.track(frame).mask(256, 256) for frame in clip.clip.frames[1:]])
    assert quality(np.concatenate([clip.masks[:1], found]), clip.masks).both > 0.5
    again = [region_similarity(found[frame - 1], clip.masks[frame]) for frame in range(clip.back, clip.back + 5)]
    assert max(again) >= 0.5


def test_masks_are_judged_from_the_command_line(written):
    true = written[0].with_name("clip-masks")
    assert judge(true, true).both == 1
    command = [sys.executable, "-m", "exporter.train.sample", "judge", str(true), str(true)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "J&F 1.000 (region 1.000, boundary 1.000) against the clip's known masks\n"
