"""Clicks that correct an answer."""

import pytest
import torch

from exporter.models.point_labels import BACKGROUND, FOREGROUND
from exporter.train.corrections import corrected

POINTS, LABELS = torch.tensor([[[[1.0, 2.0]]]]), torch.ones(1, 1, 1)
OBJECT = torch.zeros(1, 1, 1, 4, 4)
OBJECT[..., 1, :2] = 1


def clicked(answer: torch.Tensor) -> tuple[list[float], float]:
    points, labels = corrected(POINTS, LABELS, 2 * answer - 1, OBJECT)
    assert torch.equal(points[:, :, :1], POINTS)
    assert torch.equal(labels[:, :, :1], LABELS)
    return points[0, 0, 1].tolist(), labels[0, 0, 1].item()


def test_what_is_missing_is_clicked_as_object_in_the_middle_of_a_mask_pixel():
    answer = OBJECT.clone()
    answer[..., 1, 1] = 0
    assert clicked(answer) == ([4 + 1.5, 4 + 1.5], FOREGROUND)


def test_what_is_too_much_is_clicked_as_background():
    answer = OBJECT.clone()
    answer[..., 3, 2] = 1
    assert clicked(answer) == ([8 + 1.5, 12 + 1.5], BACKGROUND)


@pytest.mark.parametrize("attempt", range(3))
def test_where_nothing_is_wrong_the_object_is_clicked(attempt):
    torch.manual_seed(attempt)
    (x, y), label = clicked(OBJECT)
    assert label == FOREGROUND
    assert (x, y) in {(1.5, 5.5), (5.5, 5.5)}
