"""Three hundred videos with damaged headers: each is read, or refused in a sentence; time and memory have bounds."""

import json
import random
import subprocess
import sys

import pytest

from tests.exporter.media.videos.clips import Stream, flat_frames, mux, noise

pytest.importorskip("av")

MUTANTS, SEED = 300, 20260
MOST_SECONDS, MOST_MEGABYTES = 5, 1000
HEADER = 1500
"""Bytes of a file, and those around the index of an .mp4, that may be damaged."""

VALUES = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4), b"\0\0\x40\0", b"\x40\0\x40\0", b"\x10\0\0\0"]
"""What a size or a count becomes: none, all, 16384, twice that, a great many."""

READ = """
import json, sys, time
from pathlib import Path
from exporter.errors import VitexportError
from exporter.media.videos.video import open_video
from tests.exporter.media.peak_memory import peak_megabytes

for path in sorted(Path(sys.argv[1]).iterdir()):
    begin, promised, read, said = time.perf_counter(), None, 0, None
    try:
        video = open_video(path)
        promised = video.count
        for frame in video:
            read += 1
    except VitexportError as error:
        said = str(error)
    seconds = time.perf_counter() - begin
    print(json.dumps([path.name, promised, read, said, seconds, peak_megabytes()]))
"""


def damaged(content, chance):
    """With a bit, a number, or a few bytes changed, removed or repeated, once or several times, or the end left out."""
    content = bytearray(content)
    index = content.find(b"moov")
    begin = index if index >= 0 and chance.random() < 0.9 else 0
    change = chance.choice(["bit", "number", "removed", "repeated", "cut"])
    if change == "cut":
        return content[: chance.randrange(len(content) // 4, len(content))]
    for _ in range(chance.choice([1, 1, 2, 4])):
        place = chance.randrange(begin, min(len(content), begin + HEADER) - 8)
        if change == "bit":
            content[place] ^= 1 << chance.randrange(8)
        elif change == "number":
            content[place : place + 4] = chance.choice(VALUES)
        elif change == "removed":
            del content[place : place + chance.randrange(1, 8)]
        else:
            content[place:place] = content[place : place + 8]
    return content


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """[name, frames promised, frames read, what was said, seconds, megabytes at most so far] of each."""
    whole, mutants = (tmp_path_factory.mktemp(name) for name in ("whole", "mutants"))
    frames, chance = noise(32, 32, 4), random.Random(SEED)
    clips = [
        mux(whole / "h264.mp4", Stream("libx264", frames), movflags="+faststart"),
        mux(whole / "mpeg4.mov", Stream("mpeg4", frames, matrix=(0, 65536, 0, 65536, 0, 0, 0, 0, 1 << 30))),
        mux(whole / "two.mp4", Stream("mpeg4", flat_frames()), Stream("libx264", frames)),
        mux(whole / "fragments.mp4", Stream("libx264", frames), movflags="+frag_every_frame+empty_moov"),
        mux(whole / "clip.mkv", Stream("libx264", frames)),
        mux(whole / "clip.webm", Stream("libvpx-vp9", frames)),
        mux(whole / "clip.avi", Stream("mpeg4", frames)),
        mux(whole / "clip.ts", Stream("libx264", frames)),
        mux(whole / "clip.gif", Stream("gif", flat_frames(), pixels="rgb8")),
        mux(whole / "clip.apng", Stream("apng", flat_frames(), pixels="rgb24")),
        mux(whole / "clip.flv", Stream("flv", frames)),
        mux(whole / "clip.mxf", Stream("mpeg2video", frames)),
    ]
    for number in range(MUTANTS):
        clip = clips[number % len(clips)]
        (mutants / f"{number:03}{clip.suffix}").write_bytes(damaged(clip.read_bytes(), chance))
    # In a process of its own, whose memory is nothing but theirs.
    done = subprocess.run([sys.executable, "-c", READ, str(mutants)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_is_read_or_refused_in_a_sentence(outcomes):
    assert len(outcomes) == MUTANTS
    assert any(said is None for *_, said, _, _ in outcomes)
    for name, *_, said, _, _ in outcomes:
        assert said is None or (name in said and said.endswith(".") and "\n" not in said) or "colours" in said, said


def test_fewer_frames_than_promised_are_never_passed_over(outcomes):
    assert any(promised is not None and read < promised for _, promised, read, *_ in outcomes)
    for name, promised, read, said, *_ in outcomes:
        assert promised is None or read >= promised or said is not None, name


def test_none_takes_long_or_much_memory(outcomes):
    assert max(seconds for *_, seconds, _ in outcomes) < MOST_SECONDS
    assert max(megabytes for *_, megabytes in outcomes) < MOST_MEGABYTES
