"""Procedural video with exact masks."""

from dataclasses import replace

import numpy as np
import pytest

from exporter.train.scenes import HELD_OUT, TRAINING, Kinds, Recipe, make_clip, photographs, shapes
from exporter.train.scenes.held_out import held_out_clip, held_out_clips
from exporter.train.scenes.kinds import LETTERS, SIGNS
from exporter.train.scenes.shapes import SIDE

SMALL = Recipe(size=96, frames=5, diameter=(24, 60), stride=4)


@pytest.mark.parametrize("kinds", [TRAINING, HELD_OUT])
def test_a_seed_is_a_clip(kinds):
    recipe = Recipe(kinds, size=64, frames=3)
    one, same, other = (make_clip(recipe, seed) for seed in (7, 7, 8))
    assert np.array_equal(one.frames, same.frames)
    assert np.array_equal(one.labels, same.labels)
    assert not np.array_equal(one.frames, other.frames)


def test_held_out_kinds_are_never_trained_on():
    drawn = [
        {kind for kind in (*kinds.shapes, *kinds.surfaces) if "<locals>" not in kind.__qualname__}
        for kinds in (TRAINING, HELD_OUT)
    ]
    assert drawn[0]
    assert drawn[1]
    assert not drawn[0] & drawn[1]
    assert not set(photographs.FOR_TRAINING) & set(photographs.HELD_OUT)
    assert not set(LETTERS) & set(SIGNS)


def white(random: np.random.Generator, side: int) -> np.ndarray:
    return np.full((side, side, 3), 255, np.uint8)


def black(random: np.random.Generator, side: int) -> np.ndarray:
    return np.zeros((side, side, 3), np.uint8)


@pytest.mark.parametrize("shapes", [TRAINING.shapes, HELD_OUT.shapes], ids=["training", "held out"])
def test_masks_are_where_objects_are_seen(shapes):
    """What is bright in a picture of white objects over a black ground, whatever the camera does to it."""
    recipe = Recipe(Kinds(shapes, [white], [black]), size=128, frames=2, stride=20, diameter=(40, 80), camouflage=0)
    for seed in range(12):
        clip = make_clip(recipe, seed)
        for frame, mask in zip(clip.frames.mean(-1), clip.labels > 0, strict=True):
            if mask.sum() > 100:
                bright = frame > (frame[mask].mean() + frame[~mask].mean()) / 2
                assert (bright & mask).sum() / (bright | mask).sum() > 0.85


def test_what_leaves_the_picture_is_known_from_what_is_hidden():
    left, behind = 0, 0
    for seed in range(30):
        clip = make_clip(SMALL, seed)
        assert (clip.inside <= 1.15 * clip.areas + 20).all()
        gone = clip.shares() < 0.05
        left += (gone & (clip.inside < 0.05 * clip.areas)).sum()
        behind += (gone & (clip.inside > 0.8 * clip.areas)).sum()
    assert left
    assert behind


def test_an_object_that_is_wholly_in_sight_has_its_whole_area():
    shares = np.concatenate([make_clip(SMALL, seed).shares().ravel() for seed in range(20)])
    assert shares.max() < 1.15  # pixels on the edge are counted as a whole
    assert (np.abs(shares - 1) < 0.1).mean() > 0.3
    assert (shares < 0.05).any()


def test_objects_move_and_some_deform():
    moved, deformed = 0, 0
    for seed in range(12):
        clip = make_clip(SMALL, seed)
        moved += not np.array_equal(clip.labels[0], clip.labels[-1])
    for shape in TRAINING.shapes:
        outline = shape(np.random.default_rng(3))
        masks = [outline(time) for time in (0.0, 0.5)]
        assert masks[0].shape == (SIDE, SIDE)
        assert 0.02 < (masks[0] >= 128).mean() < 0.9
        deformed += not np.array_equal(*masks)
    assert moved == 12
    assert deformed >= 2


@pytest.mark.parametrize("shape", [shapes.wobbling, shapes.walker, shapes.snake])
def test_a_longer_clip_begins_with_the_shorter_one(shape):
    """So what deforms does so by the moment, in a clip of four frames no faster than in one of forty-eight."""
    recipe = Recipe(replace(TRAINING, shapes=[shape]), size=96, frames=3, diameter=(24, 60), occlusion=0)
    for seed in range(3):
        short, long = (make_clip(replace(recipe, frames=frames), seed) for frames in (3, 9))
        assert np.array_equal(short.labels, long.labels[:3])
        assert np.array_equal(short.areas, long.areas[:3])


@pytest.mark.parametrize("kinds", [TRAINING, HELD_OUT])
def test_every_texture_fills_its_square(kinds):
    for texture in {*kinds.surfaces, *kinds.grounds}:
        picture = texture(np.random.default_rng(5), 48)
        assert (picture.shape, picture.dtype) == ((48, 48, 3), np.uint8)


def test_held_out_clips_hide_their_object_or_never_do():
    hidden, seen = (next(held_out_clips(occluded)) for occluded in (True, False))
    assert hidden.back is not None
    assert (hidden.shares[: hidden.back] < 0.05).sum() >= 3
    assert (hidden.shares[hidden.back :][:8] >= 0.5).all()
    assert seen.shares.min() >= 0.5
    assert seen.back is None


@pytest.mark.parametrize(("seed", "outside"), [(115, False), (45, True)])
def test_what_left_the_picture_is_told_from_what_something_hides(seed, outside):
    clip = held_out_clip(seed, occluded=True)
    assert clip is not None
    assert clip.outside == outside
    hidden = clip.shares[: clip.back] < 0.05
    inside = (clip.clip.inside / clip.clip.areas)[: clip.back, clip.number - 1][hidden]
    assert (inside < 0.5).all() if outside else (inside > 0.5).all()
