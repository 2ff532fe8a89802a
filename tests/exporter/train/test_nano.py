"""The run that makes the shipped weights, cut short."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import NANO
from exporter.train.clips import Alternating, ClipBatches
from exporter.train.loop import LOG, Schedule
from exporter.train.nano import CONFIGURATION, STAGES, Stage, run, ship
from exporter.train.scenes import Recipe

SIZE = 64
SCHEDULE = Schedule(steps=2, rate=1e-3, muon=1e-3, warmup=0)
PICTURES = ClipBatches(
    Recipe(size=SIZE, frames=2, diameter=(20, 40)), clips=2, objects=1, apart=True, kinds=(("click", 1.0),)
)
CLIPS = replace(PICTURES, apart=False, kinds=(("mask", 1.0),))
SHORT = (Stage("pictures", (PICTURES,), SCHEDULE), Stage("clips", (CLIPS,), SCHEDULE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nano")
    run(folder, workers=0, stages=SHORT)
    return folder


def test_the_weights_of_the_last_stage_are_shipped_in_half_precision_with_a_card(folder, tmp_path):
    file = ship(folder / "clips" / "averaged.safetensors", tmp_path)
    weights = load_file(file)
    assert {value.dtype for value in weights.values()} == {torch.float16}
    EfficientTAM(NANO, SIZE).load_state_dict(weights)
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["license"]
    assert card["quality"] == []


def test_its_log_and_configuration_are_kept(folder):
    kept = json.loads((folder / CONFIGURATION).read_text())
    assert [stage["name"] for stage in kept["stages"]] == ["pictures", "clips"]
    assert kept["stages"][0]["schedule"]["steps"] == 2
    assert "held_out" in (folder / "clips" / LOG).read_text()


def test_a_stage_that_is_done_is_not_done_again(folder):
    before = (folder / "clips" / LOG).read_text()
    assert run(folder, workers=0, stages=SHORT) == folder / "clips" / "averaged.safetensors"
    assert (folder / "clips" / LOG).read_text() == before


def test_a_stage_is_learned_from_where_the_one_before_ended(folder):
    first, last = (load_file(folder / name / "averaged.safetensors") for name in ("pictures", "clips"))
    assert first.keys() == last.keys()
    changed = [(first[name].float() - last[name].float()).abs().max() for name in first]
    assert 0 < max(changed) < 0.05


def test_pictures_by_themselves_are_not_asked_for_with_their_mask():
    with pytest.raises(ValueError, match="clicks and boxes"):
        replace(PICTURES, kinds=(("mask", 1.0),))


def test_the_curriculum_is_pictures_then_clips():
    alone = [all(batches.apart for batches in stage.batches) for stage in STAGES]
    assert alone == sorted(alone, reverse=True)
    assert STAGES[-1].batches[0].recipe.frames == 8


def test_batches_of_several_kinds_come_in_turn():
    turns = Alternating((PICTURES, CLIPS))
    for index, alike in ((0, PICTURES[0]), (1, CLIPS[0]), (2, PICTURES[1]), (3, CLIPS[1])):
        assert torch.equal(turns[index].frames, alike.frames)


def test_a_stage_has_pictures_of_one_size():
    with pytest.raises(ValueError, match="several sizes"):
        Stage("mixed", (PICTURES, replace(PICTURES, recipe=Recipe(size=2 * SIZE))), SCHEDULE)
