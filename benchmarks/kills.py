"""Kill an export, a replacing export and `track`, every other time into an empty folder, at random moments, and look
at what is left.

    .venv/bin/python -m benchmarks.kills

After each kill the bundle under its name must be whole, if there was one before; after the next run in that folder,
everything must be, nothing may be mixed, and nothing hidden may be left there or among the temporary files.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click

from exporter.bundle import Bundle
from exporter.media.sample_clip import sample_clip
from exporter.media.videos.video import open_video
from exporter.media.videos.writing import video_writer

SMALL = ["--image-size", "64", "--weights", "random"]
CLASSIFIER = ["export", "mobilevit_xxs", *SMALL, "--format", "onnx"]
TRACKER = ["export", "efficienttam_ti_2_512x512", *SMALL, "--format", "onnx"]


def vitexport(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """The command line, in a process group of its own, with temporary files in a folder of its own."""
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("vitexport")), *arguments],
        env=os.environ | {"TMPDIR": str(folder / "tmp")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def seconds_of(arguments: list[str], folder: Path) -> float:
    """How long a command takes that nobody kills."""
    begun = time.monotonic()
    if vitexport(arguments, folder).wait():
        raise click.ClickException(f"vitexport {' '.join(arguments)} fails")
    return time.monotonic() - begun


def two_at_once(arguments: list[str], folder: Path) -> list[str]:
    """What is wrong after two processes have made the same."""
    ends = [process.wait() for process in [vitexport(arguments, folder) for _ in range(2)]]
    return [f"exit codes {ends}"] * any(ends) + faults(folder, there_before=True, finished=True)


def killed_after(arguments: list[str], folder: Path, seconds: float) -> bool:
    """Kill a command, not what it started, after some seconds; False if it was done by then."""
    process = vitexport(arguments, folder)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.2)  # those that it started end with it
        return True
    return False


def faults(folder: Path, there_before: bool, finished: bool) -> list[str]:
    """What is wrong with the results in a folder: half bundles, mixed outputs, hidden files."""
    found = []
    out = folder / "out"
    bundles = [path for path in out.iterdir() if not path.name.startswith(".")] if out.exists() else []
    for path in bundles:
        try:
            Bundle.open(path).check()
        except Exception as error:
            found.append(f"{path.name}: {error}")
    if there_before and not bundles:
        found.append("there is no bundle")
    if finished:
        hidden = [path.name for place in (out, folder / "tracked", folder / "tmp") if place.exists()
                  for path in place.iterdir() if path.name.startswith(".")]  # fmt: skip
        found += [f"left: {name}" for name in hidden]
        found += mixed(folder / "tracked")
    return found


def mixed(folder: Path) -> list[str]:
    """Whether a video, its masks and its figures are of different runs: those count other frames."""
    video = folder / "masks.mp4"
    if not video.exists():
        return ["results without their video"] if folder.exists() and any(folder.iterdir()) else []
    frames = sum(1 for _ in open_video(video).frames())
    counts = (len(list((folder / "masks-masks").iterdir())), json.loads((folder / "masks.json").read_text())["frames"])
    return [] if counts == (frames, frames) else [f"mixed: {frames} frames, {counts}"]


@click.command()
@click.option("--kills", default=200, show_default=True, help="How many, a third of each kind.")
@click.option("--seed", default=0, show_default=True)
def main(kills: int, seed: int) -> None:
    """Print how many kills came at which moment, and every fault."""
    moments, counts = random.Random(seed), Counter[object]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = {}
        for count in (3, 5):
            frames, _ = sample_clip(count, 48, 64)
            clips[count] = folder / f"clip-{count}.mp4"
            with video_writer(clips[count], 8, 64, 48) as writer:
                for frame in frames:
                    writer.write(frame)
        tracker = folder / "tracker"
        seconds_of([*TRACKER, "--out", str(tracker)], folder)
        (bundle,) = tracker.iterdir()

        def track(count: int) -> list[str]:
            out = folder / "tracked" / "masks.mp4"
            return ["track", str(bundle), str(clips[count]), "--point", "32,24", "--out", str(out)]

        export = [*CLASSIFIER, "--out", str(folder / "out")]
        takes = {"export": seconds_of(export, folder), "track": seconds_of(track(3), folder)}
        if problems := two_at_once(export, folder):
            click.echo(f"two exports at once: {problems}")
        for number in range(kills):
            kind = ("export", "replacing export", "track")[number % 3]
            first = kind == "export" or (kind == "track" and number % 2 == 0)
            if first:
                shutil.rmtree(folder / ("tracked" if kind == "track" else "out"), ignore_errors=True)
            command = track(5 if number % 2 else 3) if kind == "track" else export
            moment = moments.uniform(0.0, takes["track" if kind == "track" else "export"])
            counts[kind, "first" if first else "replacing", killed_after(command, folder, moment)] += 1
            problems = faults(folder, kind != "export", finished=False)
            if vitexport(command, folder).wait():
                problems.append("the next run fails")
            problems += faults(folder, True, finished=True)
            for problem in problems:
                click.echo(f"{kind} killed after {moment:.2f} s: {problem}")
            counts["faults"] += len(problems)
    for what, count in counts.items():
        click.echo(f"{what}: {count}")


if __name__ == "__main__":
    main()
