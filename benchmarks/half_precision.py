"""Whether a trained tracker sees in half precision what it sees in PyTorch, in any clip and not in chosen ones.

    .venv/bin/python -m benchmarks.half_precision [--format coreml] [--clips 20]

Follows the object of held-out clips, half of them with an occlusion, with the artefacts of a bundle of
`efficienttam_nano` and with PyTorch, from the same click, each with its own memory. Prints for each clip the least IoU
of the two's masks, the first frame that has less than the tolerance, and what both had to do with the truth there.
"""

import argparse
import tempfile
import time
from itertools import islice

import numpy as np

import exporter
from benchmarks.nano import MODEL, followed
from exporter.models.weights.shipped import shipped_file
from exporter.toolchain_noise import hidden
from exporter.train.quality import region_similarity
from exporter.train.scenes.held_out import held_out_clips
from exporter.verify.parity import mask_iou
from exporter.verify.tolerances import TOLERANCES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", default="coreml")
    parser.add_argument("--clips", type=int, default=20)
    given = parser.parse_args()
    model = exporter.create_model(MODEL)
    exporter.load_weights(model, shipped_file(MODEL))
    asked = TOLERANCES["fp16"].rollout.mask_iou
    with tempfile.TemporaryDirectory() as folder:
        with hidden():
            bundle = exporter.export(MODEL, target="iphone15", formats=[given.format], precision="fp16", out=folder)
        print("| clip | occluded | least IoU | first frame below | J there, of PyTorch | of the artefacts | s |")
        print("|---:|---|---:|---:|---:|---:|---:|")
        for occluded in (False, True):
            for number, clip in enumerate(islice(held_out_clips(occluded), given.clips // 2)):
                begun = time.perf_counter()
                exact, rounded = followed(model, clip), followed(bundle, clip, given.format)
                ious = [mask_iou(*pair) for pair in zip(exact, rounded, strict=True)]
                below = np.flatnonzero(np.array(ious) < asked)
                where = f"{below[0]}" if len(below) else "–"
                there = [
                    f"{region_similarity(masks[below[0]], clip.masks[below[0]]):.3f}" if len(below) else "–"
                    for masks in (exact, rounded)
                ]
                print(
                    f"| {number} | {'yes' if occluded else 'no'} | {min(ious):.4f} | {where} | {' | '.join(there)} "
                    f"| {time.perf_counter() - begun:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
