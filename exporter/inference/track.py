"""`vitexport track`: a video in; a video with masks, the masks as pictures, and figures of every frame out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import islice, tee
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from device_profiles.vocabulary import Precision
from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from exporter.backends.runner import Progress
from exporter.bench.provenance import provenance
from exporter.budgets import FRAMES
from exporter.bundle import Bundle
from exporter.errors import CutShortError, PromptError, VideoError
from exporter.inference.displayed import in_frame
from exporter.inference.prompts import Prompt, check_objects, numbers_of
from exporter.inference.steps import Steps, TrackResult
from exporter.inference.tracker import FollowedFrame, artefact_steps, follow_all
from exporter.media.masks import write_label_png
from exporter.media.overlay import UNTRAINED, ContactSheet, label_map, overlay
from exporter.media.videos.video import Frame, open_video
from exporter.media.videos.writing import check_video_name, video_writer
from exporter.paths import check_output_file
from exporter.worker.isolated import isolated


@dataclass(frozen=True)
class ObjectInFrame:
    """One object in one frame of the video."""

    object: int
    """Its number in the masks"""
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
    sheet: str
    format: str
    precision: Precision
    delegate: str | None
    runtime: str
    trained: bool
    frames: int
    fps: float
    """Frames a second that went through the artefacts, preparation and masks included, reading and writing not"""
    ms: dict[str, float]
    """Graph -> median ms of a run"""
    provenance: dict[str, str]
    """What the times were measured with"""
    displayed: tuple[int, int]
    """Width and height of the video as a player shows it, which is what prompts refer to"""
    pixel_aspect: str
    """Width and height of a pixel of its frames, such as 4:3"""
    cut_short: str | None
    """What is wrong with a video that ends before its header says; None if it is complete"""


def track_file(
    bundle: Bundle,
    video: str | Path,
    prompts: Sequence[Prompt],
    out: str | Path,
    first: int = 0,
    format: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    keep: Sequence[Path] = (),
    precision: Precision | None = None,
) -> Tracked:
    """Follow one object for each prompt from frame number `first` on, and write what was found.

    Prompts are in pixels of the video as a player shows it: upright and, where those of its frames are not square,
    stretched (`Video.displayed`). The results have the frames' own pixels, with their aspect and times; the video
    begins with frame `first`. One that is cut short is followed as far as it goes.

    `out` is the video; the masks are PNG files (palette, 0 is background) in the folder OUT-masks, the figures in
    OUT.json, and OUT-sheet.png shows its frames at a glance. Nothing is written unless all is, and nothing takes the
    place of the files in `keep`. Raises `PromptError`,
    `VideoError`, `BundleError`, `BackendError`.
    """
    if not prompts:
        raise PromptError("There is no prompt: say where the object is, with --point, --box or --mask.")
    if first < 0:
        raise VideoError(f"There is no frame {first}: pass 0 or more as --start.")
    FRAMES.check(first, video, VideoError)
    source, places = open_video(video), _places(Path(out), Path(video), keep)
    check_objects(len(prompts), source.width, source.height)
    prompts = [in_frame(prompt, source) for prompt in prompts]
    numbers = numbers_of(prompts)
    formats, precisions = [format] if format else None, [precision] if precision else None
    trained = bundle.manifest.weights.trained
    with isolated() as load, staging(places.video.parent) as folder:
        variant, steps = next(artefact_steps(bundle, formats, threads, precisions, load))
        draft = _Places(*(folder / path.name for path in (places.video, places.masks, places.figures, places.sheet)))
        draft.masks.mkdir()
        figures: list[dict[str, Any]] = []
        sheet, cut_short = ContactSheet(source.pixel_aspect), None
        shown = islice(source.frames(), first, None)
        with video_writer(draft.video, source.fps, source.width, source.height, source.pixel_aspect) as writer:
            try:
                for place, (frame, followed) in enumerate(_followed(steps, shown, prompts), first):
                    before = time.perf_counter()
                    results = dict(zip(numbers, followed.results.values(), strict=True))
                    labels = label_map({i: one.mask(source.height, source.width) for i, one in results.items()})
                    seconds = followed.seconds + time.perf_counter() - before
                    figures.append({"frame": place, "time": frame.time} | _figures(results, labels, seconds))
                    masks = {number: labels == number for number in numbers}
                    drawn = overlay(frame.pixels, masks, None if trained else UNTRAINED)
                    writer.write(drawn, frame.time, frame.duration)
                    sheet.add(f"frame {place}", drawn)
                    write_label_png(draft.masks / f"{place:05d}.png", labels)
                    if progress is not None:
                        done = (place + 1) / (source.count or place + 2)
                        progress(f"frame {place}", min(1.0, done))
            except CutShortError as error:
                cut_short = str(error)
            if not figures:
                raise VideoError(cut_short or f"{video} ends before frame {first}: pass a smaller --start.")
        tracked = Tracked(
            video=str(places.video),
            masks=str(places.masks),
            figures=str(places.figures),
            sheet=str(places.sheet),
            format=variant.format,
            precision=variant.precision,
            delegate=variant.delegate,
            runtime=steps.runtime,
            trained=trained,
            frames=len(figures),
            fps=1e3 * len(figures) / sum(frame["ms"] for frame in figures),
            ms={graph: 1e3 * median(runs) for graph, runs in steps.seconds.items()},
            provenance=provenance() | ({"threads": str(threads)} if threads else {}),
            displayed=source.displayed,
            pixel_aspect=f"{source.pixel_aspect.numerator}:{source.pixel_aspect.denominator}",
            cut_short=cut_short,
        )
        sheet.picture().save(draft.sheet)
        draft.figures.write_text(json.dumps(asdict(tracked) | {"by_frame": figures}, indent=1) + "\n")
        move_all(folder, {(name := getattr(places, field.name).name): name for field in fields(places)})
    return tracked


def _followed(
    steps: Steps, frames: Iterator[Frame], prompts: Sequence[Prompt]
) -> Iterator[tuple[Frame, FollowedFrame]]:
    """Each frame, and what is followed in it."""
    shown, seen = tee(frames)
    return zip(shown, follow_all(steps, (frame.pixels for frame in seen), prompts), strict=True)


_ENDS = {"masks": "-masks", "figures": ".json", "sheet": "-sheet.png"}
"""What is written beside a video -> how its name ends."""


_BEGINNING = 2**16
"""Bytes of the figures, in which those names stand; of a long video there may be very many"""


@dataclass(frozen=True)
class _Places:
    """Where the results go."""

    video: Path
    masks: Path
    figures: Path
    sheet: Path


def _places(out: Path, video: Path, keep: Sequence[Path]) -> _Places:
    """Raises `VideoError` if something beside `out` would have to give way that is not of an earlier run."""
    if not out.name or out.is_dir():
        raise VideoError(f"--out {out} is a folder: pass the name of a video, such as tracked.mp4.")
    check_video_name(out)
    check_output_file(out, VideoError)
    if video.is_dir() and out.resolve().parent == video.resolve():
        raise VideoError(f"--out {out} is among the frames, where the next run would take it for one: pass another.")
    beside = {name: out.with_name(f"{out.stem}{end}") for name, end in _ENDS.items()}
    places = _Places(out, **beside)
    for path in (places.video, *beside.values()):
        for read in (video, *keep):
            if path.exists() and path.resolve() in (read.resolve(), *read.resolve().parents):
                raise VideoError(f"{read} is to be read, and {path} would take its place: pass another --out.")
    earlier = _results_of(places.figures)
    for path in beside.values():
        if path.exists() and path.name not in earlier:
            raise VideoError(f"{path} exists and is not of an earlier run: move it away, or pass another --out.")
    return places


def _results_of(figures: Path) -> set[str]:
    """Names of what an earlier run wrote, as its figures say; none where this is no such file."""
    if not figures.is_file():
        return set()
    try:
        with figures.open("rb") as file:
            written = from_json(file.read(_BEGINNING), allow_partial=True)
        return {figures.name, *(Path(written[name]).name for name in ("masks", "sheet"))}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _figures(results: Mapping[int, TrackResult], labels: NDArray[np.uint8], seconds: float) -> dict[str, Any]:
    """What was found in a frame, in `seconds`."""
    objects = [
        ObjectInFrame(number, int((labels == number).sum()), result.iou, result.object_score)
        for number, result in results.items()
    ]
    return {"ms": 1e3 * seconds, "objects": [asdict(one) for one in objects]}
