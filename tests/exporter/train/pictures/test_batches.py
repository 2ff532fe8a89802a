"""Batches of labelled pictures, and how pictures are parted."""

import numpy as np
import pytest
import torch

from exporter.train.pictures.batches import DIGITS, PHOTOGRAPHS, Augmentation, PictureBatches
from exporter.train.pictures.digits import digits
from exporter.train.pictures.labelled import Pictures, parted, parted_as_given

SIZE = 16
PLAIN = Augmentation(zoom=(1.0, 1.0), shift=0.0, flip=False, mixup=0.0)


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (30, 3, SIZE, SIZE), dtype=np.uint8)
    return Pictures(pixels, np.repeat(np.arange(3), 10), ("cat", "dog", "owl"))


def batches(pictures, augmentation=PLAIN, count=8, **settings):
    return PictureBatches(pictures, np.arange(30), count, augmentation, **settings)


def test_a_batch_is_a_function_of_its_number(pictures):
    first, again = (batches(pictures, PHOTOGRAPHS)[7] for _ in range(2))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, batches(pictures, PHOTOGRAPHS)[8].images)


def test_each_picture_comes_once_in_each_turn(pictures):
    rows = batches(pictures, count=10, smoothing=0.0)
    for turn in range(3):
        seen = torch.cat([rows[3 * turn + place].images for place in range(3)])
        assert len({tuple(image.flatten().tolist()) for image in seen}) == 30
    assert not torch.equal(rows[0].images, rows[3].images)


def test_an_unchanged_picture_is_that_of_its_class(pictures):
    batch = batches(pictures, smoothing=0.1)[0]
    for image, target in zip(batch.images, batch.targets, strict=True):
        place = next(i for i in range(30) if np.allclose(image.numpy(), pictures.pixels[i], atol=0.01))
        assert int(target.argmax()) == pictures.labels[place]
        assert target.tolist() == pytest.approx(
            [1 - 0.1 + 0.1 / 3 if c == target.argmax() else 0.1 / 3 for c in range(3)]
        )


def test_mixed_pictures_have_mixed_targets(pictures):
    batch = batches(pictures, Augmentation((1.0, 1.0), 0.0, False, mixup=1.0), smoothing=0.0)[0]
    assert torch.allclose(batch.targets.sum(-1), torch.ones(8))
    assert ((batch.targets > 0.01).sum(-1) == 2).any()


def test_pixels_stay_between_black_and_white(pictures):
    batch = batches(pictures, PHOTOGRAPHS)[3]
    assert float(batch.images.min()) >= 0
    assert float(batch.images.max()) <= 255


def test_zooming_in_shows_the_middle():
    pixels = np.zeros((1, 3, SIZE, SIZE), dtype=np.uint8)
    pixels[..., 4:12, 4:12] = 200
    whole = Pictures(pixels, np.zeros(1, dtype=np.int64), ("one",))
    near = PictureBatches(whole, np.arange(1), 1, Augmentation((0.5, 0.5), 0.0, False, 0.0))[0]
    assert float(near.images[..., 2:-2, 2:-2].min()) == 200


def test_digits_are_not_turned_over():
    assert not DIGITS.flip


def test_digits_are_those_of_scikit_learn():
    found = digits(64)
    assert found.pixels.shape == (1797, 3, 64, 64)
    assert found.classes == tuple("0123456789")
    assert found.labels[:5].tolist() == [0, 1, 2, 3, 4]
    assert found.pixels[0].max() > 240


def test_no_picture_is_in_two_parts_and_none_is_left_out():
    labels = digits(8).labels
    for fold in range(5):
        parts = parted(labels, fold)
        every = np.concatenate([parts.training, parts.choosing, parts.judging])
        assert sorted(every.tolist()) == list(range(len(labels)))
        shares = np.bincount(labels[parts.judging]) / np.bincount(labels)
        assert shares.min() > 0.18
        assert shares.max() < 0.22
        assert 0.1 < len(parts.choosing) / (len(labels) - len(parts.judging)) < 0.2


def test_folds_are_apart():
    labels = digits(8).labels
    judged = np.concatenate([parted(labels, fold).judging for fold in range(5)])
    assert sorted(judged.tolist()) == list(range(len(labels)))


def test_too_few_pictures_of_a_class_are_refused():
    with pytest.raises(ValueError, match="a class has 2 pictures"):
        parted(np.array([0] * 10 + [1] * 2))


def test_pictures_that_are_given_to_judge_with_are_judged_with():
    labels = np.repeat([0, 1], 20)
    parts = parted_as_given(labels, [0, 1, 20, 21])
    assert parts.judging.tolist() == [0, 1, 20, 21]
    assert not set(parts.judging) & set(parts.training) | set(parts.judging) & set(parts.choosing)
