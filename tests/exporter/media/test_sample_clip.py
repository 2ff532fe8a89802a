"""The sample clip: the object is where its mask says, moves smoothly and never leaves."""

from itertools import pairwise

import numpy as np
import pytest

from exporter.media.sample_clip import PERIOD, sample_click, sample_clip


def test_a_clip_is_the_same_each_time_and_a_longer_one_begins_with_it():
    (frames, masks), (longer, longer_masks) = sample_clip(3, 60, 80), sample_clip(5, 60, 80)
    assert np.array_equal(frames, longer[:3])
    assert np.array_equal(masks, longer_masks[:3])
    assert len(longer) == 5
    assert longer_masks.shape == (5, 60, 80)
    assert longer_masks.dtype == np.bool_
    assert all(frame.shape == (60, 80, 3) and frame.dtype == np.uint8 for frame in longer)


def test_the_object_is_where_its_mask_says():
    frames, masks = sample_clip(PERIOD // 2 + 1, 60, 80)
    # At its turning points the object is on either side; where no mask is, nothing else moves.
    first, last = frames[0], frames[-1]
    background = ~(masks[0] | masks[-1])
    assert np.array_equal(first[background], last[background])
    assert np.array_equal(first[masks[0]], last[masks[-1]])
    assert np.abs(first[masks[0]].astype(int) - last[masks[0]]).mean() > 20


def test_the_object_is_whole_in_every_frame_and_moves_a_little_in_each():
    _, masks = sample_clip(PERIOD, 120, 160)
    assert len(set(masks.sum(axis=(1, 2)).tolist())) == 1
    assert 0.1 < masks[0].mean() < 0.2
    for before, after in pairwise(masks):
        assert not np.array_equal(before, after)
        assert (before & after).sum() / (before | after).sum() > 0.7


@pytest.mark.parametrize("size", [(240, 320), (61, 43), (16, 16)])
def test_any_size_will_do(size):
    frames, masks = sample_clip(2, *size)
    assert frames[0].shape == (*size, 3)
    assert masks[0].any()


def test_a_click_is_on_the_object():
    _, masks = sample_clip(1, 60, 80)
    x, y = sample_click(masks)
    assert masks[0, y, x]
    ring = np.zeros((1, 40, 50), bool)
    ring[0, 5:35, 10:40], ring[0, 10:30, 15:35] = True, False
    x, y = sample_click(ring)
    assert ring[0, y, x]
