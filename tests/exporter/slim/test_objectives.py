"""What supernets learn from, and that two processes learn the same as one."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from exporter.models.weights.loading import seed_weights
from exporter.slim.objectives import MetaPathsObjective, SandwichObjective, SlimmableTrackerObjective, drawn_for_batch
from exporter.slim.supernets.metapaths import COLD, HOT, MetaPaths, temperature
from exporter.slim.supernets.slimmable import Slimmable
from exporter.train.clips import ClipBatches
from exporter.train.scenes import Recipe
from tests.exporter.slim.small import SIZE, TRACKER, V1
from tests.exporter.slim.toy import KINDS, NORMALISE, SCHEDULE, batches, objective, slimmable, trained

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_learn_the_same_as_one_from_as_many_pictures(kind, tmp_path):
    """One accumulates two batches to a step: so all batch norms see what they see in two processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "-m", "tests.exporter.slim.toy", kind, str(tmp_path / "two")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    alone = trained(kind, tmp_path / "one", replace(SCHEDULE, accumulate=2))
    two = torch.load(tmp_path / "two" / "result.pt", weights_only=True)
    for name, value in alone.named_parameters():
        assert torch.allclose(value, two[name], atol=1e-4), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls(kind, tmp_path):
    before = objective(kind)
    first = float(before(batches()[0])["loss"])
    trained(kind, tmp_path, replace(SCHEDULE, steps=12))
    after = torch.load(tmp_path / "last.pt", weights_only=True)["module"]
    before.load_state_dict(after)
    assert float(before(batches()[0])["loss"]) < first


def test_a_batch_trains_the_parent_the_smallest_and_what_it_draws():
    losses = SandwichObjective(slimmable(), NORMALISE)(batches()[3])
    assert set(losses) == {"parent", "smallest", "drawn", "loss"}
    again = SandwichObjective(slimmable(), NORMALISE)(batches()[3])
    assert float(losses["drawn"].detach()) == float(again["drawn"].detach())


def test_branches_are_drawn_apart_as_training_goes_on():
    assert temperature(0) == pytest.approx(HOT)
    assert temperature(1) == pytest.approx(COLD)
    assert HOT > temperature(0.5) > COLD


def test_the_noise_follows_from_the_batch():
    torch.manual_seed(0)
    supernet = MetaPaths(V1).eval()
    learning = MetaPathsObjective(supernet, NORMALISE, batches=10)
    once, again, other = (float(learning(batches()[number])["loss"].detach()) for number in (2, 2, 3))
    assert once == again != other


def test_alphas_learn():
    torch.manual_seed(0)
    supernet = MetaPaths(V1)
    MetaPathsObjective(supernet, NORMALISE, batches=10)(batches()[0])["loss"].backward()
    assert all(float(alphas.grad.abs().sum()) > 0 for alphas in supernet.alphas.values())


@pytest.fixture
def clips():
    drawn = ClipBatches(Recipe(size=SIZE, frames=3, objects=(1, 2)), clips=2, objects=1, kinds=(("click", 1.0),))
    return drawn[0]


def trackers_objective():
    parent = TRACKER.build(TRACKER.parent)
    seed_weights(parent)
    return SlimmableTrackerObjective(Slimmable(parent, TRACKER), torch.float32)


def test_a_tracker_learns_what_its_parent_sees_and_reads(clips):
    learning = trackers_objective()
    torch.manual_seed(0)
    losses = learning(clips)
    assert set(losses) == {"features", "memory", "loss"}
    losses["loss"].backward()
    with_gradient = {name for name, value in learning.named_parameters() if value.grad is not None}
    assert {name.split(".")[2] for name in with_gradient} == {"image_encoder", "memory_attention", "maskmem_tpos_enc"}
    assert all(value.grad is None for teacher in learning.teachers for value in teacher.parameters())


def test_each_second_batch_of_a_tracker_trains_one_that_is_drawn_and_the_others_parent_or_smallest():
    torch.manual_seed(0)
    found = [drawn_for_batch(TRACKER) for _ in range(400)]
    ends = [found.count(TRACKER.parent), found.count(TRACKER.smallest)]
    assert all(80 <= count <= 120 for count in ends)
    others = {one for one in found if one not in (TRACKER.parent, TRACKER.smallest)}
    assert len(others) > 150


def test_the_teacher_of_trackers_stays_what_the_parent_was(clips):
    learning = trackers_objective()
    [teacher] = learning.teachers
    with torch.no_grad():
        next(learning.supernet.parent.parameters()).add_(1)
    before = TRACKER.build(TRACKER.parent)
    seed_weights(before)
    assert all(torch.equal(value, before.state_dict()[name]) for name, value in teacher.state_dict().items())
