"""Trains the classifiers that methods of quantisation are told apart by, on pictures that it draws.

    .venv/bin/python -m benchmarks.classifiers --out runs [--models mobilevit_xxs]

Digits are known by every network of these sizes, whatever is done to its weights. Here are 20 classes, what outline an
object has and what surface, before photographs; those to judge with show other photographs (`train.pictures.objects`).
The averaged weights go to benchmarks/classifiers in half precision, and what they reach beside them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import exporter
from exporter.bench.provenance import provenance
from exporter.graphs.normalisation import Normalisation
from exporter.models.registry import model_info
from exporter.slim.statistics import recalibrate
from exporter.train.classification import ClassifierObjective, accuracy
from exporter.train.kept import trained
from exporter.train.loop import Hardware, Schedule
from exporter.train.pictures.batches import Augmentation, PictureBatches
from exporter.train.pictures.labelled import Parts, Pictures
from exporter.train.pictures.objects import CLASSES, objects

EPOCHS = {"efficientformerv2_s0": 36, "mobilevit_xxs": 72}
"""Of each model"""
SIZE, PICTURES = 96, 24_000
BATCH, RATE, SEED = 64, 2e-3, 0
AUGMENTATION = Augmentation(zoom=(0.85, 1.1), shift=0.1, mixup=0.0)
LAYER_SCALE = 0.1
"""That residual branches begin with; with the published 1e-5 a short training moves none"""
COUNTED = 20
"""Batches that running statistics are counted over"""
KEPT = Path(__file__).parent / "classifiers"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs, which go on where they stopped")
    parser.add_argument("--models", nargs="+", default=tuple(EPOCHS))
    asked = parser.parse_args(arguments)
    pictures, parts = objects(SIZE, PICTURES)
    for name in asked.models:
        figures = learn(name, pictures, parts, asked.out / name)
        print(f"{name}: {figures['accuracy']:.2%} of {figures['judged']} pictures", flush=True)
    return 0


def learn(name: str, pictures: Pictures, parts: Parts, folder: Path) -> dict[str, float]:
    """Train a model, keep it, and return what it reaches on pictures that it has not seen."""
    family, hardware = model_info(name).family, Hardware.found()
    normalise = Normalisation(family.mean, family.std)
    torch.manual_seed(SEED)
    model = exporter.create_model(name, image_size=SIZE, num_classes=len(CLASSES))
    for key, value in model.named_parameters():
        if key.endswith(".gamma"):
            nn.init.constant_(value, LAYER_SCALE)
    batches = PictureBatches(pictures, parts.training, BATCH, AUGMENTATION)
    steps = EPOCHS[name] * (len(parts.training) // BATCH)
    schedule = Schedule(steps, RATE, warmup=steps // 10, average=0.99)

    def judged(averaged: nn.Module) -> dict[str, float]:
        recalibrate(averaged.model, counted(pictures, parts, normalise, hardware))
        chosen = parts.choosing[:1000]
        return {"accuracy": accuracy(averaged.model, normalise, pictures, chosen, hardware.device)}

    objective = ClassifierObjective(model, normalise)
    trained(objective, batches, schedule, folder, hardware, workers=0, every=200, evaluate=judged)
    recalibrate(model, counted(pictures, parts, normalise, hardware))
    half = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
    KEPT.mkdir(exist_ok=True)
    save_file({key: value.cpu().contiguous() for key, value in half.items()}, KEPT / f"{name}.safetensors")
    model.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in half.items()})
    figures = {
        "accuracy": accuracy(model, normalise, pictures, parts.judging, hardware.device),
        "judged": len(parts.judging),
        "trained_on": len(parts.training),
        "steps": steps,
        "size": SIZE,
        "seed": SEED,
    }
    told = {"hardware": str(hardware), "commit": provenance()["commit"]}
    (KEPT / f"{name}.json").write_text(json.dumps(figures | told, indent=1) + "\n")
    return figures


def counted(pictures: Pictures, parts: Parts, normalise: Normalisation, hardware: Hardware) -> list[Tensor]:
    """Batches to count running statistics over, which moving averages of weights lack."""
    rows = np.random.default_rng(0).permutation(parts.training)[: COUNTED * BATCH]
    images = torch.from_numpy(pictures.pixels[rows]).to(hardware.device, torch.float32)
    return list(normalise(images).split(BATCH))


if __name__ == "__main__":
    sys.exit(main())
