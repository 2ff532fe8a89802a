"""What ranges gain on real files: min/max, the usual ones, and Q-HyViT's, of a model of each family.

    .venv/bin/python -m benchmarks.ranges --out runs [--models mobilevit_xs] [--formats tflite] [--size 128]

Each graph is written three times with fewer bits: in ranges of all that was observed (extremes), in the format's usual
ones, and fitted (qhyvit), all on the pictures that an export calibrates on. Each file runs from disk on three sets of
pictures: those, those that an export verifies on, and other crops and synthetic ones. SQNR is that of all pictures of a
set together, in dB, against PyTorch with seeded weights. The objective is what the fit takes for its cost: half of
curvature times squared error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import exporter
from benchmarks.int8_page import Row
from benchmarks.page import machine
from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.backends.runner import Arrays
from exporter.calibration.pictures import sample_pictures
from exporter.graphs.cut import every_frame
from exporter.media.images import drawn_pictures, photo_crops, to_input, verification_images
from exporter.models.registry import model_info
from exporter.models.weights.loading import seed_weights
from exporter.operations.relative_error import sqnr
from exporter.quantise.fit import fit
from exporter.quantise.observed import extremes
from exporter.toolchain_noise import hidden
from exporter.verify.record import EagerRunner

MODELS = ("efficientformer_l1", "efficientformerv2_s0", "mobilevit_xs", "mobilevitv2_050")
FORMATS = ("tflite",)
OTHERS = 2**41, 24
"""Key of the random numbers, and crops"""
PRECISION = "int8"
SETS = ("calibration", "verification", "others")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    parser.add_argument("--size", type=int, help="of pictures; without it each model's usual")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.models:
        for format in asked.formats:
            row = compared(name, format, asked.size)
            (asked.out / f"ranges-{name}-{format}.json").write_text(json.dumps([row], indent=1))
            print(row, flush=True)
    return 0


def compared(name: str, format: str, size: int | None) -> Row:
    """By min/max, in the usual ranges, and fitted."""
    info = model_info(name)
    network = exporter.create_model(name, **({} if size is None else {"image_size": size}))
    seed_weights(network)
    (graph,) = every_frame(network.eval()) if info.family.task == "classify" else every_frame(network.eval())[:1]
    sets = pictures(network.image_size)
    expected = {kind: EagerRunner(graph) for kind in sets}
    for kind, inputs in sets.items():
        for given in inputs:
            expected[kind](given)
    scheme, begun = backend(format).schemes[PRECISION], time.process_time()
    fitted = fit(graph, sets["calibration"], scheme.integers)
    seconds = time.process_time() - begun
    with tempfile.TemporaryDirectory() as folder, hidden():
        path = Path(folder) / f"few.{backend(format).extension}"
        found = []
        for one, reading in ((graph, extremes), (graph, scheme.reading), (fitted.graph, fitted.reading)):
            own = replace(scheme, reading=reading)
            backend(format).lower(one, path, LowerOptions(PRECISION, scheme=own, calibration=sets["calibration"]))
            found.append(ratios(format, path, sets, expected))
    return {
        "model": name,
        "format": format,
        "precision": PRECISION,
        "size": network.image_size,
        "objective": [fitted.extremes, fitted.chosen],
        "sets": {kind: [one[kind] for one in found] for kind in SETS},
        "seconds": seconds,
        "cpu": machine(),
    }


def pictures(size: int) -> Mapping[str, Sequence[Arrays]]:
    """The three sets."""
    key, crops = OTHERS
    random = np.random.Philox(key=key + size)
    others = [*drawn_pictures(random, size), *photo_crops(random, size, crops)]
    sets = (sample_pictures(size), map(to_input, verification_images(size)), map(to_input, others))
    return {kind: [{"image": picture} for picture in found] for kind, found in zip(SETS, sets, strict=True)}


def ratios(
    format: str, path: Path, sets: Mapping[str, Sequence[Arrays]], expected: Mapping[str, EagerRunner]
) -> dict[str, float]:
    """Of each set, dB: of the output that has least."""
    runner, found = backend(format).load(path, 1), {}
    for kind, inputs in sets.items():
        actual = [runner(given) for given in inputs]
        found[kind] = min(
            sqnr(np.stack([one[name] for one in actual]), np.stack([one[name] for one in expected[kind].outputs]))
            for name in actual[0]
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
