"""Trains `efficienttam_nano_256x256`, which is shipped with the project: `python -m exporter.train.nano`.

Pictures first, small ones and then whole ones, then clips of more and more frames, at last clips and pictures in turn.
Each stage starts from the averaged weights of the one before, and resumes where it was stopped.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from exporter.manifest import WeightsCard
from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import CONFIGS, NANO
from exporter.train.clips import Alternating, ClipBatches
from exporter.train.kept import AVERAGED, trained
from exporter.train.loop import Hardware, Schedule
from exporter.train.objective import Batch, Grouping, TrackerObjective
from exporter.train.prompts import PromptKind
from exporter.train.scenes import HELD_OUT, Recipe

TRAINED_ON = (
    "procedural video of exporter.train.scenes: shapes, letters and figures, plain, patterned or cut from photographs "
    "of scikit-image (public domain, CC0, no known copyright) and scikit-learn (CC BY 2.0: danielbuechele, vultilion)"
)
CONFIGURATION = "configuration.json"
_MODEL = "model."
"""What an objective's parameters are called that are the model's."""


@dataclass(frozen=True)
class Stage:
    """A part of the curriculum."""

    name: str
    batches: tuple[ClipBatches, ...]
    """In turn; of one size"""
    schedule: Schedule

    def __post_init__(self) -> None:
        if len({batches.recipe.size for batches in self.batches}) != 1:
            raise ValueError(f"{self.name} has pictures of several sizes: make them stages of their own.")


PICTURES: tuple[tuple[PromptKind, float], ...] = (("click", 0.6), ("box", 0.4))
STAGES = (
    Stage(
        "pictures_128",
        (
            ClipBatches(
                Recipe(size=128, frames=4, objects=(1, 4)),
                clips=24,
                objects=3,
                strides=(10, 20),
                apart=True,
                kinds=PICTURES,
            ),
        ),
        Schedule(steps=2000, rate=1e-3, muon=5e-3, warmup=100),
    ),
    Stage(
        "pictures_256",
        (ClipBatches(Recipe(frames=4), clips=24, objects=2, strides=(10, 20), apart=True, kinds=PICTURES, seed=1),),
        Schedule(steps=2000, rate=6e-4, muon=3e-3, warmup=100),
    ),
    Stage(
        "pictures_256_restarted",
        (ClipBatches(Recipe(frames=4), clips=24, objects=2, strides=(10, 20), apart=True, kinds=PICTURES, seed=4),),
        Schedule(steps=4400, rate=6e-4, muon=3e-3, warmup=200),
    ),
    Stage(
        "clips_4",
        (ClipBatches(Recipe(frames=4), clips=6, objects=2, strides=(1, 6), seed=2),),
        Schedule(steps=1500, rate=6e-4, muon=3e-3, warmup=100),
    ),
    Stage(
        "clips_8",
        (ClipBatches(Recipe(frames=8, occlusion=0.7), clips=4, objects=2, strides=(1, 5), seed=3),),
        Schedule(steps=600, rate=3e-4, muon=1e-3, warmup=50),
    ),
    Stage(
        "clips_8_and_pictures",
        (
            ClipBatches(Recipe(frames=8, occlusion=0.7), clips=4, objects=3, strides=(1, 5), seed=6),
            ClipBatches(Recipe(frames=4), clips=24, objects=2, strides=(10, 20), apart=True, kinds=PICTURES, seed=7),
        ),
        Schedule(steps=2000, rate=6e-4, muon=2.5e-3, warmup=100),
    ),
)


def initial(model: EfficientTAM) -> None:
    """Values to start from, where the framework leaves zeros that would keep parts of the model from learning."""
    for name, parameter in model.named_parameters():
        if name.endswith("pos_embed"):
            with torch.no_grad():
                parameter[:, 1:] = _places(model.config.pretrained_grid, parameter.shape[-1])
        elif name.endswith(("maskmem_tpos_enc", "no_mem_embed", "no_obj_ptr")):
            torch.nn.init.trunc_normal_(parameter, std=0.02)
        elif name.endswith(".gamma"):
            torch.nn.init.constant_(parameter, 0.1)


def _places(side: int, channels: int) -> torch.Tensor:
    """Sines and cosines of row and column, with periods from six tokens up: [side * side, channels]."""
    periods = 30 ** (torch.arange(channels // 4) / (channels // 4))
    angles = torch.arange(side)[:, None] / periods
    axis = 0.5 * torch.cat([angles.sin(), angles.cos()], dim=-1)
    rows, columns = axis[:, None].expand(side, side, -1), axis[None].expand(side, side, -1)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1)


def held_out_batches(recipe: Recipe, count: int = 2) -> list[Batch]:
    """Pictures of a recipe, but of kinds that are not trained on, each with a click."""
    drawn = ClipBatches(
        replace(recipe, kinds=HELD_OUT, frames=4),
        clips=16,
        objects=2,
        strides=(10, 20),
        apart=True,
        kinds=(("click", 1.0),),
        corrections=(1.0,),
        seed=5,
    )
    return [drawn[index] for index in range(count)]


@dataclass(frozen=True)
class _Judge:
    """How well an objective's answers agree with the truth where it was not trained."""

    batches: Sequence[Batch]
    hardware: Hardware

    @torch.no_grad()
    def __call__(self, objective: nn.Module) -> dict[str, float]:
        found = [float(objective(batch.to(self.hardware.device))["agreement"]) for batch in self.batches]
        return {"held_out": sum(found) / len(found)}


def run(folder: Path, workers: int, stages: tuple[Stage, ...] = STAGES) -> Path:
    """Train all stages, and return the file with the averaged weights of the last."""
    hardware = Hardware.found()
    print(hardware, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIGURATION).write_text(configuration(stages, hardware), encoding="utf-8")
    result: Path | None = None
    for stage in stages:
        torch.manual_seed(stage.schedule.seed)
        recipe = stage.batches[0].recipe
        model = EfficientTAM(NANO, recipe.size)
        objective = TrackerObjective(model, hardware.products, Grouping(NANO.channels))
        if result is None:
            initial(model)
        else:
            objective.load_state_dict(load_file(result))
        print(stage.name, flush=True)
        judge, batches = _Judge(held_out_batches(recipe), hardware), Alternating(stage.batches)
        own = folder / stage.name
        trained(objective, batches, stage.schedule, own, hardware, workers=workers, evaluate=judge)
        result = own / AVERAGED
    assert result is not None
    return result


def configuration(stages: tuple[Stage, ...], hardware: Hardware) -> str:
    """What a run was made with, as JSON, but for what scenes are drawn from."""
    described = [asdict(stage) for stage in stages]
    for stage in described:
        for batches in stage["batches"]:
            del batches["recipe"]["kinds"]
    made_with = {"hardware": str(hardware), "torch": torch.__version__, "stages": described}
    return json.dumps(made_with, indent=1, ensure_ascii=False) + "\n"


def ship(averaged: Path, folder: Path) -> Path:
    """Write weights in half precision, with their card, as `exporter/data` has them; quality is measured afterwards."""
    name = next(name for name, config in CONFIGS.items() if config is NANO)
    file = folder / f"{name}.safetensors"
    trained = {key: value for key, value in load_file(averaged).items() if key.startswith(_MODEL)}
    save_file({key.removeprefix(_MODEL): value.half().contiguous() for key, value in trained.items()}, file)
    ended = date.fromtimestamp(averaged.stat().st_mtime).isoformat()
    card = WeightsCard(trained_on=TRAINED_ON, license="MIT", date=ended, quality=())
    file.with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return file


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m exporter.train.nano", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("checkpoints/nano"), help="folder of checkpoints and logs")
    parser.add_argument("--workers", type=int, default=1, help="processes that make scenes ahead")
    given = parser.parse_args(arguments)
    averaged = run(given.out, given.workers)
    if Hardware.found().rank == 0:
        print(ship(averaged, given.out))


if __name__ == "__main__":
    main(sys.argv[1:])
