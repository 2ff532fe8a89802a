"""What a person does in the app with a clip, and the masks that it saves."""

import json
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from exporter.media.videos.writing import video_writer
from exporter.train.prompts import centre_click
from exporter.train.scenes.held_out import HeldOut, held_out_clip

SEED = 21
"""Chosen among the held-out clips because the tracker in PyTorch follows two of its objects well, at J 0.91 and 0.85.
docs/nano.md says how it fares with all of them."""
FIRST, SECOND = 2, 3
"""Numbers of the objects in the clip's masks"""
FRAMES = 24
FPS = 12.0

LOADED = 60_000
"""ms within which a bundle is loaded, and all frames are followed, on a machine that does other things too"""


@dataclass(frozen=True)
class Film:
    """Frames uint8 [T, S, S, 3], as a file that browsers play, and what is in them."""

    path: Path
    frames: np.ndarray
    held_out: HeldOut

    def masks(self, number: int) -> np.ndarray:
        """Where an object is seen: bool [T, S, S]."""
        return self.held_out.clip.mask(number)[: len(self.frames)]

    def inside(self, number: int) -> tuple[float, float]:
        """A point on the object in the first frame, 0 to 1 across the picture."""
        x, y = centre_click(self.masks(number)[0])
        size = self.frames.shape[1]
        return (float(x) + 0.5) / size, (float(y) + 0.5) / size


def film(folder: Path) -> Film:
    """The held-out clip as an MP4."""
    held_out = held_out_clip(SEED, occluded=False)
    frames = held_out.clip.frames[:FRAMES]
    height, width = frames.shape[1:3]
    path = folder / "clip.mp4"
    with video_writer(path, FPS, width, height) as writer:
        for frame in frames:
            writer.write(frame)
    return Film(path, frames, held_out)


def camera_film(folder: Path, frame: np.ndarray) -> Path:
    """A frame as the film that Chromium's camera shows: YUV4MPEG2, a colour for each four pixels."""
    height, width = frame.shape[:2]
    luma, *colours = np.moveaxis(np.asarray(Image.fromarray(frame).convert("YCbCr")), 2, 0)
    small = [one.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).round().astype(np.uint8) for one in colours]
    picture = b"FRAME\n" + b"".join(plane.tobytes() for plane in (luma, *small))
    path = folder / "camera.y4m"
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F12:1 Ip A1:1 C420jpeg\n".encode() + 12 * picture)
    return path


def open_app(page: Page, url: str) -> None:
    """Open the app, and wait until it has loaded the bundle that its server has."""
    page.goto(url)
    expect(page.get_by_text("What should be followed?")).to_be_visible(timeout=LOADED)


def choose(page: Page, file: Path) -> None:
    """Choose a video or a picture, and wait until it takes the place of the one before."""
    page.evaluate("document.querySelector('.picture')?.classList.add('before')")
    page.locator("#media").set_input_files(file)
    expect(page.locator(".picture:not(.before)")).to_be_visible()


def tap(page: Page, place: tuple[float, float]) -> None:
    """Tap the picture at a place, 0 to 1 across it, and wait for the mask."""
    page.mouse.click(*on_screen(page, place))
    expect(page.locator('.object:has([aria-pressed="true"]) .state')).to_have_text("found", timeout=LOADED)


def on_screen(page: Page, place: tuple[float, float]) -> tuple[float, float]:
    """Where a place of a square picture is in the page, in its pixels."""
    stage = page.locator(".stage").bounding_box()
    side = min(stage["width"], stage["height"])
    left, top = stage["x"] + (stage["width"] - side) / 2, stage["y"] + (stage["height"] - side) / 2
    return left + place[0] * side, top + place[1] * side


def follow_to_the_end(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=LOADED)


def saved_masks(page: Page, folder: Path) -> tuple[np.ndarray, list[float]]:
    """Object numbers uint8 [T, H, W] as they were saved, and when in the video each frame begins, in s."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save masks").click()
    path = folder / "masks.zip"
    download.value.save_as(path)
    with ZipFile(path) as files:
        frames = json.loads(files.read("frames.json"))
        labels = [np.asarray(Image.open(files.open(frame["file"]))) for frame in frames]
    assert [frame["file"] for frame in frames] == [f"{number:05d}.png" for number in range(len(frames))]
    return np.stack(labels), [frame["time"] for frame in frames]


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Of two masks, of which one has a pixel at least."""
    return float((one & other).sum() / (one | other).sum())


def overlaid(page: Page) -> np.ndarray:
    """Where something is drawn over the picture, which is square: bool [side, side], as the screen shows it."""
    side, drawn = page.evaluate(
        """async () => {
            await new Promise(requestAnimationFrame)  // what changed is drawn before the screen is shown next
            const canvas = document.querySelector('.overlay')
            const side = Math.min(canvas.width, canvas.height)
            const [left, top] = [(canvas.width - side) / 2, (canvas.height - side) / 2]
            const { data } = canvas.getContext('2d').getImageData(left, top, side, side)
            const alphas = data.filter((_, place) => place % 4 === 3)
            return [side, Array.from(alphas, (alpha) => (alpha ? 1 : 0)).join('')]
        }"""
    )
    return (np.frombuffer(drawn.encode(), np.uint8) == ord("1")).reshape(side, side)
