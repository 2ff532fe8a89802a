"""A held-out clip as a video with its true masks, and how well what was found in it agrees: what `make demo` shows.

    python -m exporter.train.sample write demo/clip.mp4    # and masks in demo/clip-masks; prints a point x,y
    python -m exporter.train.sample judge demo/out-masks demo/clip-masks

Another hides the object for a while. No training saw its kind, nor any texture of the clip.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from exporter.media.masks import write_label_png
from exporter.media.videos.writing import video_writer
from exporter.train.prompts import centre_click
from exporter.train.quality import Quality, quality
from exporter.train.scenes.held_out import HeldOut, held_out_clip

FPS = 12.0
_SEED = 287
"""One of the clips that the shipped tracker does follow; docs/nano.md says how it fares with all of them."""


def sample() -> HeldOut:
    """The clip."""
    clip = held_out_clip(_SEED, occluded=True)
    assert clip is not None
    return clip


def write(path: Path) -> tuple[int, int]:
    """Write the video, and its masks in a folder beside it; return a point (x, y) on the object in the first frame."""
    held_out = sample()
    frames, masks = held_out.clip.frames, held_out.masks
    folder = path.with_name(f"{path.stem}-masks")
    folder.mkdir(parents=True)
    height, width = frames.shape[1:3]
    with video_writer(path, FPS, width, height) as writer:
        for number, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
            writer.write(frame)
            write_label_png(folder / f"{number:05d}.png", mask.astype(np.uint8))
    x, y = centre_click(masks[0])
    return int(x), int(y)


def judge(found: Path, true: Path) -> Quality:
    """The quality of the first object's masks in a folder of PNG files, against true ones in another."""
    names = sorted(path.name for path in true.iterdir())
    masks = [np.stack([np.asarray(Image.open(folder / name)) == 1 for name in names]) for folder in (found, true)]
    return quality(*masks)


def main(arguments: list[str]) -> None:
    match arguments:
        case ["write", path]:
            print(*write(Path(path)), sep=",")
        case ["judge", found, true]:
            measured = judge(Path(found), Path(true))
            print(
                f"J&F {measured.both:.3f} (region {measured.region:.3f}, boundary {measured.boundary:.3f}) "
                "against the clip's known masks"
            )
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
