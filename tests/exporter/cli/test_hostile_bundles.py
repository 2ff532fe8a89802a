"""Five hundred bundles that were damaged or made to harm: each is refused in a sentence or gets a verdict, whatever is
altered is noticed, and nothing outside is opened."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from exporter.media.images import sample_photo
from tests.exporter.cli.hostile_bundles import DAMAGED, FORGED
from tests.exporter.cli.hostile_bundles_tried import Watched
from tests.sealed import keep_only

COUNT, SEED = 500, 15
PATIENCE = 400
"""Seconds for all, where one would take for ever"""
MOST_SECONDS = 60


def of_one_format(bundle: Path, format: str, folder: Path) -> Path:
    path = folder / format
    shutil.copytree(bundle, path)
    keep_only(path, format)
    return path


@pytest.fixture(scope="module")
def outcomes(bundles, tracker_bundle, clip, tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("hostile")
    photo, video = str(sample_photo("china.jpg")), str(folder / "tracked.mp4")
    verify, lint, good = ["verify", "BUNDLE"], ["lint", "BUNDLE"], folder / "good"
    commands = [verify, [*verify, "--json"], ["run", "BUNDLE", photo]] * 4 + [lint]
    track = ["track", "BUNDLE", clip, "--point", "30,20", "--out", video]
    goods = [
        *((str(of_one_format(bundles["mobilevit"].path, format, good)), weight, commands)
          for format, weight in (("onnx", 30), ("tflite", 24), ("coreml", 1), ("executorch", 1))),
        (str(tracker_bundle.path), 1, [verify, track, track]),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.exporter.cli.hostile_bundles_tried", str(folder), str(SEED), str(COUNT)],
        input=json.dumps(goods), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (len(read), done.stderr)
    return read


def test_each_is_refused_in_a_sentence_or_gets_a_verdict(outcomes):
    assert len(outcomes) == COUNT >= 15 * len(DAMAGED + FORGED)
    assert [(one["name"], one["command"], one["said"], one["fault"]) for one in outcomes if one["fault"]] == []


def test_each_kind_of_end_is_there(outcomes):
    codes = Counter(one["code"] for one in outcomes)
    assert codes[2] > COUNT / 2
    assert codes[1] >= 10
    assert codes[0] >= 10


def test_each_takes_a_moment(outcomes):
    assert max(one["seconds"] for one in outcomes) < MOST_SECONDS


def test_what_is_opened_outside_would_be_noticed(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    watched = Watched(tmp_path)
    assert not watched.opened()
    (tmp_path / "secret").read_bytes()
    assert watched.opened()
