"""Prompts in pixels as a player shows a video, for frames whose pixels are not square."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from exporter.errors import PromptError
from exporter.inference.displayed import in_frame
from exporter.inference.prompts import Prompt
from exporter.media.videos.video import Video


def video(aspect):
    return Video(Path("clip.mp4"), 320, 240, 24.0, None, Fraction(aspect))


def test_square_pixels_change_nothing():
    prompt = Prompt(points=[(319, 10)], labels=[1], box=(1, 2, 3, 4))
    assert in_frame(prompt, video(1)) is prompt


@pytest.mark.parametrize(("aspect", "displayed"), [("4/3", 427), ("1/2", 160), ("3/2", 480)])
def test_points_and_boxes_are_where_a_player_shows_them(aspect, displayed):
    prompt = Prompt(points=[(displayed / 2, 100), (displayed, 240)], labels=[1, 0], box=(0, 5, displayed / 4, 50))
    placed = in_frame(prompt, video(aspect))
    assert np.allclose(placed.points, [(160, 100), (320, 240)])
    assert np.allclose(placed.box, (0, 5, 80, 50))
    assert placed.labels == [1, 0]


def test_a_point_without_a_box_has_none():
    assert in_frame(Prompt(points=[(400, 9)], labels=[1]), video("4/3")).box is None


@pytest.mark.parametrize("aspect", ["1", "4/3"])
def test_what_is_outside_is_refused_in_the_size_that_is_shown(aspect):
    width = 427 if aspect == "4/3" else 320
    with pytest.raises(PromptError, match=rf"outside the frame, which is {width} x 240"):
        in_frame(Prompt(points=[(width + 1, 0)], labels=[1]), video(aspect))


@pytest.mark.parametrize(("width", "right"), [(320, 160), (427, 213.5)])
def test_a_mask_has_the_size_of_what_is_shown_or_of_a_frame(width, right):
    mask = np.arange(width)[None] < np.full((240, 1), right)
    placed = in_frame(Prompt(mask=mask), video("4/3")).mask
    assert (placed.shape, placed.dtype) == ((240, 320), bool)
    assert abs(int(placed[0].sum()) - 160) <= 1


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(PromptError, match="427 x 240"):
        in_frame(Prompt(mask=np.ones((240, 400), bool)), video("4/3"))


def test_of_a_video_that_was_filmed_lying_on_its_side_the_columns_are_stretched():
    portrait = Video(Path("clip.mp4"), 240, 320, 24.0, None, Fraction(1, 2), transposed=True)  # 320 x 240 at 2:1
    assert portrait.displayed == (240, 640)
    placed = in_frame(Prompt(points=[(240, 640)], labels=[1], box=(0, 0, 120, 64)), portrait)
    assert np.allclose(placed.points, [(240, 320)])
    assert np.allclose(placed.box, (0, 0, 120, 32))
