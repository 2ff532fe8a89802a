"""How many frames a second a tracker follows, end to end: from a frame's pixels to a mask of its size.

    .venv/bin/python -m benchmarks.frame_rate [efficienttam_nano] [--format executorch]

Follows an object through a clip with the artefacts of each format on two threads, in turns. The whole loop is timed, as
an app has it: resizing, normalising, the artefacts, the state carried from step to step, the mask enlarged.
"""

import argparse
import random
import statistics
import tempfile
import time
from itertools import islice

import exporter
from benchmarks.page import machine
from exporter.toolchain_noise import hidden
from exporter.train.prompts import centre_click
from exporter.train.scenes.held_out import held_out_clips

ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="efficienttam_nano")
    parser.add_argument("--format", action="append", dest="formats")
    given = parser.parse_args()
    (clip,) = islice(held_out_clips(occluded=False), 1)
    frames, point = clip.clip.frames, centre_click(clip.masks[0])
    rates: dict[str, list[float]] = {}
    busy: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        with hidden():
            bundle = exporter.export(given.model, target="host", formats=given.formats, out=folder)
        trackers = {format: exporter.open_tracker(bundle, format=format) for format in bundle.manifest.formats}
        for _ in range(ROUNDS):
            for format, tracker in random.sample(list(trackers.items()), len(trackers)):
                tracker.prompt(frames[0], points=[point], labels=[1])
                tracker.track(frames[1])
                wall, cpu = time.perf_counter(), time.process_time()
                for frame in frames[2:]:
                    tracker.track(frame).mask(*frame.shape[:2])
                seconds = time.perf_counter() - wall
                rates.setdefault(format, []).append((len(frames) - 2) / seconds)
                busy.setdefault(format, []).append((time.process_time() - cpu) / seconds)
    print("| format | frames/s | least–most | CPU seconds a second |\n|---|---:|---:|---:|")
    for format, own in sorted(rates.items(), key=lambda item: -statistics.median(item[1])):
        print(
            f"| {format} | {statistics.median(own):.1f} | {min(own):.1f}–{max(own):.1f} "
            f"| {statistics.median(busy[format]):.2f} |"
        )
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
