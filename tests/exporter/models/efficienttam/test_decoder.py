"""Prompts and masks of a single image: the official ones, chosen as the authors choose."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.decoder import Decoded
from exporter.models.point_labels import ABSENT, BACKGROUND, BOTTOM_RIGHT, FOREGROUND, PADDING, TOP_LEFT
from tests.exporter.models.efficienttam.official import assert_golden, goldens

CLICK = torch.from_numpy(goldens()["click_xy"])[None, None]
TWO_POINTS = torch.from_numpy(goldens()["two_points_xy"])[None]
BOX = torch.from_numpy(goldens()["box_xyxy"]).reshape(1, 2, 2)
MASK_LOGITS_KEPT = 32.0
"""Masks that are prompts for the same image again are clamped to this."""


def decoded(
    model: EfficientTAM,
    features: Tensor,
    points: Tensor,
    labels: list[int],
    dense: Tensor | None = None,
    bias: Tensor | None = None,
) -> Decoded:
    encoder = model.sam_prompt_encoder
    prompts = encoder.points(points, torch.tensor([labels]).float())
    return model.decode(model.without_memory(features), prompts, encoder.no_mask() if dense is None else dense, bias)


@pytest.fixture(scope="module")
def click(model, first_features) -> Decoded:
    return decoded(model, first_features, CLICK, [FOREGROUND])


@pytest.fixture(scope="module")
def two_points(model, first_features) -> Decoded:
    return decoded(model, first_features, TWO_POINTS, [FOREGROUND, BACKGROUND])


# Against the authors' implementation


def test_a_click_becomes_the_official_tokens_padding_included(model):
    tokens = model.sam_prompt_encoder.points(CLICK, torch.ones(1, 1))
    assert_golden(tokens[0], "point_sparse", tolerance=1e-4)


def test_a_click_gives_the_official_masks(click):
    assert_golden(click.masks[0, 1:], "point_masks")
    assert_golden(click.masks[0, 0], "point_token0_mask")


def test_a_click_gives_the_official_ious(click):
    assert_golden(click.ious[0, 1:], "point_ious", tolerance=1e-4)
    assert_golden(click.ious[0, :1], "point_token0_iou", tolerance=1e-4)


def test_a_click_gives_the_official_tokens_and_object_score(click):
    assert_golden(click.tokens[0, 1:], "point_tokens", tolerance=1e-4)
    assert_golden(click.object_score[0], "point_object_score", tolerance=1e-4)


def test_the_best_mask_of_a_click_is_that_of_the_highest_official_iou(click):
    best = goldens()["point_ious"].argmax()
    assert_golden(click.best_of_three().mask[0, 0], "point_masks", best)
    assert_golden(click.best_of_three().iou[0, 0], "point_ious", best, tolerance=1e-4)
    assert_golden(click.best_of_three().token[0], "point_tokens", best, tolerance=1e-4)


def test_the_single_mask_of_a_click_is_the_official_one(click):
    assert_golden(click.single().mask[0, 0], "point_single_mask")
    assert_golden(click.single().iou[0], "point_single_iou", tolerance=1e-4)


def test_two_points_give_the_official_mask(two_points):
    assert_golden(two_points.single().mask[0, 0], "two_points_mask")
    assert_golden(two_points.single().iou[0], "two_points_iou", tolerance=1e-4)
    assert_golden(two_points.object_score[0], "two_points_object_score", tolerance=1e-4)


def test_an_unstable_mask_of_two_points_would_give_the_official_fallback(two_points):
    unstable = torch.full_like(two_points.masks[:, :1], -0.01)
    fallen_back = replace(two_points, masks=torch.cat([unstable, two_points.masks[:, 1:]], dim=1)).single()
    assert_golden(fallen_back.iou[0], "fallback_iou", tolerance=1e-4)


def test_a_box_gives_the_official_mask(model, first_features):
    box = decoded(model, first_features, BOX, [TOP_LEFT, BOTTOM_RIGHT])
    assert_golden(box.single().mask[0, 0], "box_mask")
    assert_golden(box.single().iou[0], "box_iou", tolerance=1e-4)
    assert_golden(box.object_score[0], "box_object_score", tolerance=1e-4)


def test_two_points_and_a_mask_give_the_official_mask(model, first_features, click):
    previous = click.best_of_three().mask.clamp(-MASK_LOGITS_KEPT, MASK_LOGITS_KEPT)
    dense = model.sam_prompt_encoder.mask(previous)
    both = decoded(model, first_features, TWO_POINTS, [FOREGROUND, BACKGROUND], dense)
    assert_golden(both.single().mask[0, 0], "two_points_mask_mask")
    assert_golden(both.single().iou[0], "two_points_mask_iou", tolerance=1e-4)
    assert_golden(both.object_score[0], "two_points_mask_object_score", tolerance=1e-4)


# Prompts of fixed length


def padded_click(model: EfficientTAM, features: Tensor, label: int, masked: bool, seed: int = 0) -> Decoded:
    """A click with two more points somewhere, of `label`, which may be masked as keys."""
    places = 512 * torch.rand(1, 2, 2, generator=torch.Generator().manual_seed(seed))
    bias = torch.tensor([[0, -1e4, -1e4, 0]]) if masked else None  # the appended padding point is the last
    return decoded(model, features, torch.cat([CLICK, places], dim=1), [FOREGROUND, label, label], bias=bias)


def test_absent_points_change_nothing(model, first_features, click):
    padded = padded_click(model, first_features, ABSENT, masked=True)
    for name in ("masks", "ious", "tokens", "object_score"):
        torch.testing.assert_close(getattr(padded, name), getattr(click, name), rtol=0, atol=1e-4, msg=name)


def test_where_absent_points_are_does_not_matter_at_all(model, first_features):
    one, other = (padded_click(model, first_features, ABSENT, masked=True, seed=seed) for seed in (1, 2))
    for name in ("masks", "ious", "tokens", "object_score"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name


def test_padding_points_in_their_place_would_change_the_masks(model, first_features, click):
    naive = padded_click(model, first_features, PADDING, masked=False)
    assert (naive.masks - click.masks).abs().max() > 1


def test_tokens_of_present_points_do_not_depend_on_how_many_are_absent(model):
    encoder = model.sam_prompt_encoder
    alone = encoder.points(BOX, torch.tensor([[2.0, 3.0]]))
    longer = encoder.points(torch.cat([BOX, CLICK], dim=1), torch.tensor([[2.0, 3.0, ABSENT]]))
    torch.testing.assert_close(longer[:, [0, 1, 3]], alone)


# Selection


def answers(masks: Tensor, ious: list[float]) -> Decoded:
    """Masks [4, H, W] with ious, and tokens that say which is which."""
    tokens = torch.arange(4.0)[None, :, None].expand(1, 4, 256)
    return Decoded(masks[None], torch.tensor([ious]), tokens, torch.ones(1, 1))


LEVELS = torch.tensor([5.0, 1.0, 2.0, 3.0])[:, None, None].expand(4, 8, 8)
"""Four masks that are stable, and told apart by their value."""


def test_the_best_is_chosen_among_the_three_alternatives_alone():
    best = answers(LEVELS, [0.9, 0.1, 0.5, 0.2]).best_of_three()
    assert (best.mask.unique().item(), best.iou.item(), best.token[0, 0].item()) == (2, 0.5, 2)


def test_of_equals_the_first_is_the_best():
    best = answers(LEVELS, [0.9, 0.1, 0.5, 0.5]).best_of_three()
    assert (best.mask.unique().item(), best.token[0, 0].item()) == (2, 2)


def test_a_stable_single_mask_is_kept():
    single = answers(LEVELS, [0.1, 0.2, 0.9, 0.3]).single()
    assert (single.mask.unique().item(), single.iou.item()) == (5, pytest.approx(0.1))


@pytest.mark.parametrize(("wavering", "stable"), [(1, True), (2, False)])
def test_a_mask_is_stable_if_98_percent_of_its_outer_area_is_inner_area(wavering, stable):
    single = torch.ones(1, 8, 8)  # one pixel of 64 is 1.6 %
    single.view(-1)[:wavering] = 0.04
    chosen = answers(torch.cat([single, LEVELS[1:]]), [0.1, 0.2, 0.9, 0.3]).single()
    assert chosen.iou.item() == pytest.approx(0.1 if stable else 0.9)


def test_an_empty_single_mask_is_stable():
    empty = torch.full((1, 8, 8), -3.0)
    assert answers(torch.cat([empty, LEVELS[1:]]), [0.1, 0.2, 0.9, 0.3]).single().mask.unique().item() == -3


def test_an_unstable_single_mask_gives_way_but_its_token_stays():
    unstable = torch.zeros(1, 8, 8)
    single = answers(torch.cat([unstable, LEVELS[1:]]), [0.1, 0.2, 0.9, 0.3]).single()
    assert (single.mask.unique().item(), single.token[0, 0].item()) == (2, 0)
