"""A tracker imitates its teacher's features, and what the teacher makes of them with what the teacher remembers."""

from copy import deepcopy

import pytest
import torch

from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import NANO
from exporter.models.efficienttam.reference import MaskPrompt, Memory, PointPrompt, fused, prompt, track
from exporter.models.weights.loading import seed_weights
from exporter.train.clips import ClipBatches
from exporter.train.imitation import Imitation
from exporter.train.scenes import Recipe

SIZE, FRAMES = 64, 3


@pytest.fixture(scope="module")
def teacher():
    model = EfficientTAM(NANO, SIZE)
    seed_weights(model)
    return model.eval()


def batch(kind):
    recipe = Recipe(size=SIZE, frames=FRAMES, diameter=(20, 40))
    return ClipBatches(recipe, clips=2, objects=1, kinds=((kind, 1.0),))[0]


def otherwise(teacher, part):
    """A tracker whose `part` alone has other weights"""
    model = deepcopy(teacher).requires_grad_(True)
    with torch.no_grad():
        for parameter in model.get_submodule(part).parameters():
            parameter.mul_(1.1)
    return model


@torch.no_grad()
def test_who_is_like_its_teacher_has_nothing_to_learn(teacher):
    losses = Imitation(deepcopy(teacher), teacher)(batch("click"))
    assert {name: float(loss) for name, loss in losses.items()} == {"features": 0, "memory": 0, "loss": 0}


@torch.no_grad()
@pytest.mark.parametrize(
    ("part", "differ"),
    [
        ("image_encoder", {"features", "memory"}),
        ("memory_attention", {"memory"}),
        ("sam_mask_decoder", set()),
        ("memory_encoder", set()),
    ],
)
def test_what_sees_and_what_looks_back_are_learned_and_nothing_else_is(teacher, part, differ):
    losses = Imitation(otherwise(teacher, part), teacher)(batch("click"))
    assert {name for name in ("features", "memory") if losses[name] > 0} == differ


@torch.no_grad()
@pytest.mark.parametrize("kind", ["click", "mask"])
def test_memories_are_the_teachers_by_the_official_algorithm(teacher, kind):
    given, student = batch(kind), otherwise(teacher, "memory_attention")
    objective = Imitation(student, teacher)
    found, wanted = [], []
    for clip in range(2):
        features = [teacher(objective.normalise(frame[None].float())) for frame in given.frames[clip]]
        if given.masks is None:
            asked = PointPrompt(given.points[clip, 0][None], given.point_labels[clip, 0][None])
        else:
            asked = MaskPrompt(given.masks[clip, 0][None, None].float())
        memory = Memory({0: prompt(teacher, features[0], asked)})
        for frame in range(1, FRAMES):
            found.append(fused(student, features[frame], frame, memory))
            wanted.append(fused(teacher, features[frame], frame, memory))
            _, memory = track(teacher, features[frame], frame, memory)
    error = (torch.cat(found) - torch.cat(wanted)).square().mean() / torch.cat(wanted).var()
    assert float(objective(given)["memory"]) == pytest.approx(float(error), rel=1e-3)


def test_of_pictures_by_themselves_features_are_learned(teacher):
    student = otherwise(teacher, "image_encoder").train()
    pictures = ClipBatches(
        Recipe(size=SIZE, frames=2, diameter=(20, 40)), clips=2, objects=1, apart=True, kinds=(("box", 1.0),)
    )
    losses = Imitation(student, teacher)(pictures[0])
    assert set(losses) == {"features", "loss"}
    losses["loss"].backward()
    learning = {name.split(".")[0] for name, value in student.named_parameters() if value.grad is not None}
    assert learning == {"image_encoder"}
