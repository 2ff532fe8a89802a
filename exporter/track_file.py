"""`vitexport track`: a video in; a video with masks, the masks as pictures, and figures of every frame out."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from exporter.bundle import Bundle, staging
from exporter.errors import PromptError, VideoError
from exporter.overlay import overlay
from exporter.prompts import Prompt
from exporter.tracking import artefact_steps, follow_all
from exporter.video import open_video, video_writer, write_label_png

UNTRAINED = "UNTRAINED WEIGHTS: THESE MASKS ARE NOISE"


@dataclass(frozen=True)
class ObjectInFrame:
    """One object in one frame of the video."""

    area: int
    """Pixels of its mask, where no other object is before it"""
    iou: float
    object_score: float


@dataclass(frozen=True)
class Tracked:
    """What was written, and how long it took."""

    video: str
    masks: str
    figures: str
    format: str
    runtime: str
    trained: bool
    frames: int
    fps: float
    """Frames a second that went through the artefacts, preparation and masks included, reading and writing not"""
    ms: dict[str, float]
    """Graph -> median ms of a run"""


def track_file(
    bundle: Bundle,
    video: str | Path,
    prompts: Sequence[Prompt],
    out: str | Path,
    first: int = 0,
    format: str | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Tracked:
    """Follow one object for each prompt from frame number `first` on, and write what was found.

    `out` is the video; the masks are PNG files (palette, 0 is background) in the folder OUT-masks, the figures in
    OUT.json. Nothing is written unless all is. Raises `PromptError`, `VideoError`, `BundleError`, `BackendError`.
    """
    if not prompts:
        raise PromptError("There is no prompt: say where the object is, with --point, --box or --mask.")
    out = Path(out)
    masks_folder, figures_file = out.with_name(f"{out.stem}-masks"), out.with_suffix(".json")
    if masks_folder.exists() and any(file.suffix != ".png" for file in masks_folder.iterdir()):
        raise VideoError(f"{masks_folder} exists and holds other things than masks: pass another --out.")
    source = open_video(video)
    for prompt in prompts:
        prompt.check(source.width, source.height)
    steps = artefact_steps(bundle, format, threads)
    trained = bundle.manifest.weights.trained
    figures: list[dict[str, object]] = []
    seconds = 0.0
    with staging(out.parent) as folder:
        (folder / masks_folder.name).mkdir()
        with video_writer(folder / out.name, source.fps, source.width, source.height) as writer:
            before = time.perf_counter()
            for frame, results in follow_all(steps, source, prompts, first):
                labels = label_map([result.mask(source.height, source.width) for result in results])
                took = time.perf_counter() - before
                seconds += took
                number = first + len(figures)
                objects = [
                    ObjectInFrame(int((labels == index).sum()), result.iou, result.object_score)
                    for index, result in enumerate(results, start=1)
                ]
                figures.append({"frame": number, "ms": 1e3 * took, "objects": [asdict(one) for one in objects]})
                masks = [labels == index for index in range(1, len(results) + 1)]
                writer.write(overlay(frame, masks, None if trained else UNTRAINED))
                write_label_png(folder / masks_folder.name / f"{number:05d}.png", labels)
                if progress is not None:
                    progress(f"frame {number}", min(1.0, (number + 1) / (source.count or number + 2)))
                before = time.perf_counter()
            if not figures:
                raise VideoError(f"{video} ends before frame {first}: pass a smaller --start.")
        tracked = Tracked(
            video=str(out),
            masks=str(masks_folder),
            figures=str(figures_file),
            format=steps.format,
            runtime=steps.runtime,
            trained=trained,
            frames=len(figures),
            fps=len(figures) / seconds,
            ms={graph: 1e3 * median(runs) for graph, runs in steps.seconds.items()},
        )
        (folder / figures_file.name).write_text(json.dumps(asdict(tracked) | {"by_frame": figures}, indent=1) + "\n")
        shutil.rmtree(masks_folder, ignore_errors=True)
        for file in (masks_folder, figures_file, out):
            (folder / file.name).replace(file)
    return tracked


def label_map(masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """Number of the object, from 1, at each pixel [H, W], 0 where there is none; the first of several wins."""
    labels = np.zeros(masks[0].shape, np.uint8)
    for index, mask in reversed(list(enumerate(masks, start=1))):
        labels[mask] = index
    return labels
