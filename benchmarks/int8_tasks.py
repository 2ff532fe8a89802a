"""What fewer bits lose of the task itself, in trained models: of our tracker, and of classifiers of drawn objects.

    .venv/bin/python -m benchmarks.int8_tasks --out runs [--formats tflite] [--models mobilevit_xxs] [--ranges qhyvit]

The tracker follows the first 24 frames of 20 held-out clips from a click, in each precision: J&F (DAVIS 2017), and its
masks' IoU with those of the same format in full precision. The classifiers (`benchmarks.classifiers`) say of pictures
that they have not seen what is on them; they are calibrated on such as they were trained on. What is done is kept in
the folder beside `benchmarks.int8`'s figures, which puts both into docs/int8.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.classifiers import KEPT, PICTURES, SIZE
from benchmarks.int8 import fewer_bits
from benchmarks.page import machine
from exporter import pipeline
from exporter.backends import backend
from exporter.bundle import Bundle
from exporter.graphs.tasks import CLASSIFY
from exporter.inference.tracker import open_tracker
from exporter.media.images import classifier_input
from exporter.models.registry import model_info
from exporter.train.pictures.objects import drawn
from exporter.train.prompts import centre_click
from exporter.train.quality import quality, region_similarity
from exporter.train.scenes.held_out import held_out_clips

TRACKER = "efficienttam_nano"
CLASSIFIERS = ("efficientformerv2_s0", "mobilevit_xxs")
FORMATS = ("tflite", "executorch", "onnx", "coreml")
CLIPS, FRAMES = 20, 24
CALIBRATED, JUDGED = 64, 2000
"""Pictures"""
TASKS = "tasks"
"""What files of such figures begin with"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures, which go on where they stopped")
    parser.add_argument("--models", nargs="+", default=(TRACKER, *CLASSIFIERS))
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    parser.add_argument("--ranges", help="how ranges of activations are found, where not as suits the format")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    for model in asked.models:
        for format in asked.formats:
            path = asked.out / f"{TASKS}-{model}-{format}{f'-{asked.ranges}' if asked.ranges else ''}.json"
            if not path.exists():
                rows = (followed if model == TRACKER else classified)(model, format, asked.ranges)
                path.write_text(json.dumps(rows, indent=1))
                for row in rows:
                    print(row, flush=True)
    return 0


def precisions(format: str, ranges: str | None) -> tuple[str, list[str]]:
    """In full, and of fewer bits"""
    return backend(format).full_precision, [one for one in fewer_bits(format, ranges) if one != "mixed"]


def exported(model: str, format: str, ranges: str | None, out: str, **settings: Any) -> Bundle:
    full, fewer = precisions(format, ranges)
    settings |= {"formats": [format], "precision": [full, *fewer], "ranges": ranges, "workers": 1}
    return pipeline.export(model, out=out, **settings)


def followed(model: str, format: str, ranges: str | None) -> list[dict[str, Any]]:
    """One row for each precision of fewer bits."""
    full, fewer = precisions(format, ranges)
    clips = list(islice(held_out_clips(occluded=False), CLIPS))
    with tempfile.TemporaryDirectory() as folder:
        bundle = exported(model, format, ranges, folder)
        masks = {one: [_masks(bundle, format, one, clip) for clip in clips] for one in (full, *fewer)}
    truth = [clip.masks[:FRAMES] for clip in clips]
    scores = {
        one: float(np.mean([quality(*pair).both for pair in zip(own, truth, strict=True)]))
        for one, own in masks.items()
    }
    alike = {
        one: [
            float(np.mean([region_similarity(*frame) for frame in zip(own, other, strict=True)]))
            for own, other in zip(masks[one], masks[full], strict=True)
        ]
        for one in fewer
    }
    return [
        {
            "model": model,
            "format": format,
            "precision": one,
            "ranges": ranges or "usual",
            "cpu": machine(),
            "metric": f"J&F of {CLIPS} clips of {FRAMES} frames",
            "full": scores[full],
            "value": scores[one],
            "iou": float(np.mean(alike[one])),
            "least_iou": min(alike[one]),
        }
        for one in fewer
    ]


def _masks(bundle: Bundle, format: str, precision: Any, clip: Any) -> np.ndarray:
    """Bool [T, S, S]"""
    tracker, frames = open_tracker(bundle, format, 1, precision), clip.clip.frames[:FRAMES]
    first = tracker.prompt(frames[0], points=[centre_click(clip.masks[0])], labels=[1])
    seen = [first, *(tracker.track(frame) for frame in frames[1:])]
    return np.array([one.mask(*frames.shape[1:3]) for one in seen])


def classified(model: str, format: str, ranges: str | None) -> list[dict[str, Any]]:
    """One row for each precision of fewer bits."""
    full, fewer = precisions(format, ranges)
    judged = drawn(range(PICTURES - JUDGED, PICTURES), SIZE, judged=True)
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder) / "pictures"
        shown.mkdir()
        for number, pixels in enumerate(drawn(range(CALIBRATED), SIZE).pixels):
            _with_border(pixels, model).save(shown / f"{number}.png")
        settings = {"weights": KEPT / f"{model}.safetensors", "image_size": SIZE, "calibration": shown}
        bundle = exported(model, format, ranges, folder, **settings)
        right = {}
        for variant, runners in bundle.runners([format], 1):
            answers = [runners[CLASSIFY]({"image": one[None].astype(np.float32)})["logits"] for one in judged.pixels]
            right[variant.precision] = float((np.concatenate(answers).argmax(-1) == judged.labels).mean())
    return [
        {
            "model": model,
            "format": format,
            "precision": one,
            "ranges": ranges or "usual",
            "cpu": machine(),
            "metric": f"accuracy on {JUDGED} pictures",
            "full": right[full],
            "value": right[one],
        }
        for one in fewer
    ]


def _with_border(pixels: np.ndarray, model: str) -> Image.Image:
    """A picture [3, H, W] in the middle of one whose border is cut off where it is read: as it was trained on."""
    preprocessing = model_info(model).family.preprocessing
    assert preprocessing.crop_pct is not None, "a classifier's pictures are cropped"
    border = int(SIZE / preprocessing.crop_pct) - SIZE
    before = round(border / 2)
    picture = np.pad(pixels.transpose(1, 2, 0), ((before, border - before),) * 2 + ((0, 0),), mode="edge")
    image = Image.fromarray(picture)
    assert np.array_equal(classifier_input(image, SIZE, preprocessing)[0], pixels), "it is read as it was drawn"
    return image


if __name__ == "__main__":
    sys.exit(main())
