"""How well `efficienttam_nano_256x256` follows objects of kinds that it was not trained on, beside baselines.

    .venv/bin/python -m benchmarks.nano [--weights FILE] [--clips 30] [--pictures FOLDER] [--card]

Prints a table for docs/nano.md: J, F and J&F (DAVIS 2017) over clips of 48 frames of 256 pixels in which the object
never is hidden, and over as many in which it is for a while, and how often it is found again. The tracker runs in
eager PyTorch and is given one click in the middle of the object, and in another row its true mask, as the baselines
always are; then the same of small and of large objects. The truth at the resolution of the tracker's masks is about
what can be had. `--pictures` writes contact sheets of the best, the middle and the worst clips, and
`--card` what was measured of the shipped weights into their card.
"""

import argparse
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

import exporter
from benchmarks.baselines import BASELINES
from exporter.manifest import Quality as Measured
from exporter.models.weights.shipped import shipped_file, weights_card
from exporter.train.following import followed
from exporter.train.quality import quality, region_similarity
from exporter.train.scenes.held_out import HeldOut, held_out_clips

MODEL = "efficienttam_nano_256x256"
FOUND_WITHIN, FOUND_IOU = 5, 0.5
"""An object is found again if its mask has this IoU in one of so many frames after it is back."""
OWN = "efficienttam_nano, one click"
LARGE = 1000
"""Pixels of an object in the first frame from which it counts as large: four tokens of the tracker"""

_TILE = 144
"""Pixels of a frame on a contact sheet"""


@dataclass(frozen=True)
class Score:
    """Means over clips."""

    region: float
    boundary: float
    behind: str
    """How often an object is found again that was hidden by another; of how many"""
    outside: str
    """How often one that had left the picture"""

    @property
    def both(self) -> float:
        return (self.region + self.boundary) / 2


def coarse(masks: np.ndarray) -> np.ndarray:
    """True masks [T, S, S], reduced to [S/4, S/4] as those trained on, and enlarged as the tracker enlarges its own."""
    side = masks.shape[-1]
    cover = [mask.astype(np.uint8) * 255 for mask in masks]
    reduced = [cv2.resize(one, (side // 4, side // 4), interpolation=cv2.INTER_AREA) for one in cover]
    return np.array([cv2.resize(one, (side, side), interpolation=cv2.INTER_LINEAR) > 127 for one in reduced])


def found_again(masks: np.ndarray, clip: HeldOut) -> bool:
    """Whether the object is found once it is back."""
    assert clip.back is not None
    back = range(clip.back, clip.back + FOUND_WITHIN)
    return any(region_similarity(masks[frame], clip.masks[frame]) >= FOUND_IOU for frame in back)


def score(masks: list[np.ndarray], clips: list[HeldOut]) -> Score:
    each = [quality(own, clip.masks) for own, clip in zip(masks, clips, strict=True)]
    hidden = [(own, clip) for own, clip in zip(masks, clips, strict=True) if clip.back is not None]
    found = [[found_again(*one) for one in hidden if one[1].outside == outside] for outside in (False, True)]
    shares = [f"{np.mean(one):.0%} of {len(one)}" if one else "–" for one in found]
    return Score(np.mean([one.region for one in each]), np.mean([one.boundary for one in each]), *shares)


def by_size(clips: list[HeldOut]) -> dict[str, list[int]]:
    """The numbers of the clips with a small object, and of those with a large one."""
    large = [clip.masks[0].sum() >= LARGE for clip in clips]
    return {
        f"smaller than {LARGE} pixels": [index for index, is_large in enumerate(large) if not is_large],
        f"of {LARGE} pixels or more": [index for index, is_large in enumerate(large) if is_large],
    }


def row(clips: str, follower: str, one: Score) -> str:
    return (
        f"| {clips} | {follower} | {one.region:.3f} | {one.boundary:.3f} | {one.both:.3f} | {one.behind} "
        f"| {one.outside} |"
    )


def contact_sheet(clip: HeldOut, masks: np.ndarray, count: int = 8) -> np.ndarray:
    """Frames with what was found in green and the truth's outline in red, side by side."""
    tiles = []
    for index in np.linspace(0, len(masks) - 1, count).astype(int):
        tile = clip.clip.frames[index].copy()
        tile[masks[index]] = (0.5 * tile[masks[index]] + np.array([0, 127, 0])).astype(np.uint8)
        outline, _ = cv2.findContours(clip.masks[index].astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        tile = cv2.drawContours(tile, outline, -1, (255, 0, 0), 1)
        tiles.append(cv2.resize(tile, (_TILE, _TILE), interpolation=cv2.INTER_AREA))
    return np.hstack(tiles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=shipped_file(MODEL))
    parser.add_argument("--clips", type=int, default=30)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--card", action="store_true")
    given = parser.parse_args()
    if given.card and (given.weights, given.clips) != (shipped_file(MODEL), 30):
        parser.error("--card is for all clips with the weights that are shipped.")
    model = exporter.create_model(MODEL)
    exporter.load_weights(model, given.weights)
    measured = []
    print(
        "| clips | follower | J | F | J&F | found again behind another | outside |\n|---|---|---:|---:|---:|---:|---:|"
    )
    for name, occluded in (("without occlusion", False), ("with occlusion", True)):
        clips = list(islice(held_out_clips(occluded), given.clips))
        masks = {
            OWN: [followed(model, clip) for clip in clips],
            "efficienttam_nano, true mask": [followed(model, clip, from_mask=True) for clip in clips],
        }
        masks |= {
            baseline: [follow(clip.clip.frames, clip.masks[0]) for clip in clips]
            for baseline, follow in BASELINES.items()
        }
        masks["the truth, at the resolution of the tracker's masks"] = [coarse(clip.masks) for clip in clips]
        for follower, found in masks.items():
            print(row(f"{len(clips)} {name}", follower, score(found, clips)), flush=True)
        own = masks[OWN]
        for size, part in by_size(clips).items():
            if part:
                one = score([own[index] for index in part], [clips[index] for index in part])
                print(row(f"{len(part)} of these, {size}", OWN, one), flush=True)
        measured.append(
            Measured(metric="J&F", data=f"{len(clips)} held-out clips {name}", value=score(own, clips).both)
        )
        if given.pictures:
            given.pictures.mkdir(parents=True, exist_ok=True)
            order = np.argsort([quality(found, clip.masks).both for found, clip in zip(own, clips, strict=True)])
            shown = [*order[:4], order[len(order) // 2], order[-1]]
            sheet = np.vstack([contact_sheet(clips[index], own[index]) for index in shown])
            path = given.pictures / f"{name.replace(' ', '-')}.jpg"
            cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    if given.card:
        card = weights_card(MODEL).model_copy(
            update={"quality": tuple(one.model_copy(update={"value": round(one.value, 3)}) for one in measured)}
        )
        shipped_file(MODEL).with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
