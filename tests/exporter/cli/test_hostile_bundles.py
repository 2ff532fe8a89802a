"""Five hundred bundles that were damaged or made to harm: each is refused in a sentence or gets a verdict, whatever is
altered is noticed, and nothing outside is opened."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from exporter.backends import all_formats
from exporter.bundle import Bundle
from exporter.cli.formats import print_delegation
from exporter.cli.tables import print_artifacts
from exporter.cli.verify import print_parity
from exporter.contents import MANIFEST
from exporter.errors import BundleError
from exporter.media.images import sample_photo
from exporter.verify.artifact import verify
from exporter.verify.case import case_of
from exporter.verify.regression import compare_bundles
from exporter.worker.isolated import isolated
from tests.exporter.cli.hostile_bundles import (
    DAMAGED,
    FORGED,
    HUGE,
    Copy,
    a_package,
    a_program_of_onnx,
    an_artefact,
    places,
)
from tests.exporter.cli.hostile_bundles_tried import Watched
from tests.exporter.models.weights.hostile_checkpoints import KINDS as CHECKPOINTS
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
    explain, against = ["formats", "--explain", "BUNDLE"], ["verify", "GOOD", "--against", "BUNDLE"]
    commands = [verify, [*verify, "--json"], ["run", "BUNDLE", photo], explain] * 4 + [lint, against]
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


def test_the_page_on_security_says_how_many_kinds_there_are():
    page = (Path(__file__).parents[3] / "docs" / "security.md").read_text()
    assert f"generators of {len(DAMAGED) + len(FORGED)} and {len(CHECKPOINTS)} kinds" in page


def test_each_kind_of_end_is_there(outcomes):
    codes = Counter(one["code"] for one in outcomes)
    assert codes[2] > COUNT / 2
    assert codes[1] >= 4
    assert codes[0] >= 10


def test_each_takes_a_moment(outcomes):
    assert max(one["seconds"] for one in outcomes) < MOST_SECONDS


def test_what_is_opened_outside_would_be_noticed(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    watched = Watched(tmp_path)
    assert not watched.opened()
    (tmp_path / "secret").read_bytes()
    assert watched.opened()


FORGED_ARTEFACTS = (an_artefact, a_package, a_program_of_onnx)
EACH = 5
"""How many of each kind for a format"""


@pytest.mark.parametrize("format", all_formats())
def test_an_artefact_that_was_altered_and_sealed_again_gets_a_verdict(bundles, tmp_path, format):
    """In one process for all of them, so that there can be as many of each format."""
    good = of_one_format(bundles["mobilevit"].path, format, tmp_path)
    with isolated(patience=60.0) as load:
        for number in range(EACH * len(FORGED_ARTEFACTS)):
            copy = Copy(tmp_path / f"{number}", random.Random(f"{SEED} {format} {number}"))
            copy.outside.mkdir(exist_ok=True)
            shutil.copytree(good, copy.folder, copy_function=os.link)
            copy.seal(FORGED_ARTEFACTS[number % len(FORGED_ARTEFACTS)](copy))
            bundle = Bundle.open(copy.folder)
            verdict = verify(case_of(bundle, bundle.manifest.artifacts[0]), load=load)
            assert verdict.status in ("passed", "failed")
            assert verdict.detail.endswith((".", ")")) or "off by" in verdict.detail


def test_every_number_of_a_manifest_may_be_any(bundles, tmp_path):
    """It is refused, or what shows it can."""
    copy = Copy(of_one_format(bundles["mobilevit"].path, "onnx", tmp_path), random.Random(0))
    good, content = Bundle.open(copy.folder).manifest, copy.read(MANIFEST)
    numbers = [index for index, (c, k) in enumerate(places(copy.manifest)) if type(c[k]) in (int, float)]
    shown = 0
    for index in numbers:
        for value in (HUGE, 10**18, 1e308, -1, 0):
            manifest = json.loads(content)
            container, key = list(places(manifest))[index]
            container[key] = value
            (copy.folder / MANIFEST).write_text(json.dumps(manifest))
            with contextlib.suppress(BundleError):
                opened = Bundle.open(copy.folder).manifest
                print_artifacts(opened), print_parity(opened), print_delegation(opened), compare_bundles(good, opened)
                shown += 1
    assert shown > len(numbers)
