"""What a tracker is trained for is what it is used for: the official algorithm, in batches."""

from copy import deepcopy
from dataclasses import replace
from itertools import product

import pytest
import torch

from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import NANO
from exporter.models.efficienttam.reference import MaskPrompt, PointPrompt, track_all
from exporter.models.weights.loading import seed_weights
from exporter.train.clips import ClipBatches
from exporter.train.losses import DICE, FOCAL
from exporter.train.objective import Batch, Distillation, Grouping, TrackerObjective
from exporter.train.prompts import PromptKind
from exporter.train.scenes import Recipe

SIZE, FRAMES = 64, 4


@pytest.fixture(scope="module")
def objective() -> TrackerObjective:
    model = EfficientTAM(NANO, SIZE)
    seed_weights(model)
    return TrackerObjective(model, auxiliary=Grouping(NANO.channels))


def batch(kind: PromptKind) -> Batch:
    recipe = Recipe(size=SIZE, frames=FRAMES, diameter=(20, 40))
    return replace(ClipBatches(recipe, clips=2, objects=2, kinds=((kind, 1.0),))[0], corrections=0)


def agreement_of_reference(objective: TrackerObjective, given: Batch, clip: int, number: int) -> list[float]:
    """IoU of every frame's mask with its target, by the official algorithm; empty where the object is out of sight."""
    model = objective.model
    features = [model(objective.normalise(frame[None].float())) for frame in given.frames[clip]]
    if given.masks is not None:
        start: PointPrompt | MaskPrompt = MaskPrompt(given.masks[clip, number][None, None].float())
    else:
        start = PointPrompt(given.points[clip, number][None], given.point_labels[clip, number][None])
    seen = track_all(model, features.__getitem__, FRAMES, {0: start})
    first = 1 if given.masks is not None else 0
    agreements = []
    for frame in range(first, FRAMES):
        if given.in_sight[clip, number, frame]:
            inside = seen[frame].mask_logits[0, 0] > 0
            truth = given.targets[clip, number, frame] > 127
            agreements.append(float((inside & truth).sum() / (inside | truth).sum().clamp(min=1)))
    return agreements


@pytest.mark.parametrize("kind", ["click", "box", "mask"])
def test_a_clip_is_followed_as_the_official_algorithm_follows_it(objective: TrackerObjective, kind: PromptKind) -> None:
    given = batch(kind)
    with torch.no_grad():
        losses = objective(given)
        followed = [agreement_of_reference(objective, given, *which) for which in product(range(2), range(2))]
        expected = [one for agreements in followed for one in agreements]
    assert float(losses["agreement"]) == pytest.approx(sum(expected) / len(expected), abs=1e-3)


def losses_of(objective: TrackerObjective, given: Batch) -> dict[str, float]:
    torch.manual_seed(0)
    with torch.no_grad():
        return {name: float(loss) for name, loss in objective(given).items()}


def test_where_an_object_is_out_of_sight_only_its_score_is_learned(objective):
    given = batch("click")
    hidden = replace(given, in_sight=given.in_sight.clone())
    hidden.in_sight[:, :, 2] = 0
    elsewhere = replace(hidden, targets=hidden.targets.clone())
    elsewhere.targets[:, :, 2] = 255 - elsewhere.targets[:, :, 2]
    seen, unseen, other = (losses_of(objective, one) for one in (given, hidden, elsewhere))
    assert unseen == other
    assert unseen["score"] != seen["score"]


@pytest.mark.parametrize("kind", ["click", "box", "mask"])
def test_products_in_half_precision_change_little(objective, kind):
    given = batch(kind)
    exact = losses_of(objective, given)
    rounded = losses_of(TrackerObjective(objective.model, torch.bfloat16), given)
    for name in ("focal", "dice", "iou", "score"):
        assert rounded[name] == pytest.approx(exact[name], rel=0.05, abs=0.01)
        assert rounded[name] != exact[name]


@pytest.mark.parametrize("taught", [False, True])
@pytest.mark.parametrize("kind", ["click", "box", "mask"])
def test_all_tensors_are_on_the_device_of_the_batch(kind, taught):
    """Which is seen on any machine with the device that has shapes and no values."""
    meta = torch.device("meta")
    auxiliary = Distillation(EfficientTAM(NANO, SIZE)) if taught else Grouping(NANO.channels)
    objective = TrackerObjective(EfficientTAM(NANO, SIZE), torch.bfloat16, auxiliary).to(meta)
    given = replace(batch(kind), corrections=1 if kind == "click" else 0)
    loss = objective(given.to(meta))["loss"]
    loss.backward()
    assert loss.device == meta


def test_grouping_learns_which_pixels_belong_together():
    torch.manual_seed(0)
    labels = torch.zeros(1, 16, 16, dtype=torch.uint8)
    labels[:, 4:10, 3:12] = 1
    features, images = torch.randn(1, 1, 32, 4, 4), torch.zeros(1, 3, 64, 64)
    grouping = Grouping(32)
    optimizer = torch.optim.Adam(grouping.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        losses.append(loss := grouping(features, images, labels)["grouping"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.3 * losses[0]


def test_a_teacher_says_what_features_are_to_be(objective):
    given = batch("click")
    torch.manual_seed(0)
    other = EfficientTAM(NANO, SIZE)
    model, same = deepcopy(objective.model), deepcopy(objective.model)
    alike, unlike = (TrackerObjective(model, auxiliary=Distillation(teacher)) for teacher in (same, other))
    assert losses_of(alike, given)["distillation"] == 0
    losses = unlike(given)
    assert float(losses["distillation"].detach()) > 0.1
    losses["distillation"].backward()
    assert all(value.grad is None for value in other.parameters())
    assert {name.split(".")[1] for name, value in unlike.named_parameters() if value.grad is not None} == {
        "image_encoder"
    }


def test_the_loss_is_the_weighted_sum_of_its_parts(objective):
    losses = losses_of(objective, batch("click"))
    parts = FOCAL * losses["focal"] + DICE * losses["dice"] + losses["iou"] + losses["score"] + losses["grouping"]
    assert losses["loss"] == pytest.approx(parts, rel=1e-5)
