"""`vitexport run` with a tracker: one photo in; the photo with the masks of what was pointed at out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from device_profiles.vocabulary import Precision
from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from exporter.bundle import Bundle
from exporter.errors import ImageError, PromptError
from exporter.inference.prompts import Prompt, check_objects, numbers_of
from exporter.inference.tracker import artefact_steps, follow_all
from exporter.media.overlay import UNTRAINED, label_map, overlay
from exporter.media.photos.reading import read_photo
from exporter.paths import check_output_file
from exporter.worker.isolated import isolated

PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Segmented:
    """One object as one variant sees it."""

    format: str
    """The format, with what tells the variant from others of that format"""
    object: int
    area: int
    """Pixels of its mask"""
    iou: float
    object_score: float
    picture: str
    """The photo with all masks of the first format, which every entry names"""


def segment_photo(
    bundle: Bundle,
    photo: str | Path,
    prompts: Sequence[Prompt],
    formats: Sequence[str] | None = None,
    threads: int | None = None,
    out: str | Path | None = None,
    keep: Sequence[Path] = (),
    precisions: Sequence[Precision] | None = None,
) -> list[Segmented]:
    """Find one object for each prompt, with each variant that runs here; the first one's picture is written to `out`.

    It takes the place of none of the files in `keep`.
    Raises `PromptError`, `ImageError`, `BundleError`, `BackendError`.
    """
    if not prompts:
        raise PromptError("There is no prompt: say where the object is, with --point, --box or --mask.")
    frame = np.asarray(read_photo(photo))
    height, width = frame.shape[:2]
    check_objects(len(prompts), width, height)
    for prompt in prompts:
        prompt.check(width, height)
    picture = _picture(Path(photo), out, keep)
    numbers = numbers_of(prompts)
    drawn: Image.Image | None = None
    found: list[Segmented] = []
    with isolated() as load:
        for variant, steps in artefact_steps(bundle, formats, threads, precisions, load):
            (followed,) = follow_all(steps, [frame], prompts)
            results = dict(zip(numbers, followed.results.values(), strict=True))
            masks = {number: result.mask(height, width) for number, result in results.items()}
            if drawn is None:
                labels = label_map(masks)
                banner = None if bundle.manifest.weights.trained else UNTRAINED
                drawn = Image.fromarray(overlay(frame, {number: labels == number for number in numbers}, banner))
            found += [
                Segmented(
                    bundle.manifest.label(variant),
                    number,
                    int(masks[number].sum()),
                    result.iou,
                    result.object_score,
                    str(picture),
                )
                for number, result in results.items()
            ]
    assert drawn is not None, "a bundle of which nothing runs here is refused"
    with staging(picture.parent) as folder:
        drawn.save(folder / picture.name)
        move_all(folder, {picture.name: picture.name})
    return found


def _picture(photo: Path, out: str | Path | None, keep: Sequence[Path]) -> Path:
    """Where the picture goes; raises `ImageError` for what is no place for one."""
    picture = Path(out) if out else Path(f"{photo.stem}-masked.png")
    if picture.suffix.lower() not in PICTURES:
        raise ImageError(f"--out {picture} is no picture: pass a name that ends in {' or '.join(PICTURES)}.")
    check_output_file(picture, ImageError)
    for read in (photo, *keep):
        if picture.exists() and picture.resolve() == read.resolve():
            raise ImageError(f"{picture} is to be read, and would be replaced: pass another --out.")
    return picture
