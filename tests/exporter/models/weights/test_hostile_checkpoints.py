"""Two hundred files that were made to harm: each is refused in a sentence, or what it holds is the good checkpoint; at
once, in little memory."""

import json
import subprocess
import sys

import pytest

from tests.exporter.models.weights.hostile_checkpoints import KINDS, write_all

COUNT, SEED = 200, 15
MOST_SECONDS, MOST_MEGABYTES = 20, 600
PATIENCE = 200
"""Seconds for all, where one would take for ever"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> list[dict]:
    """Of each file, in a process of its own, whose memory is measured."""
    folder = tmp_path_factory.mktemp("hostile")
    write_all(folder, SEED, COUNT)
    command = [sys.executable, "-m", "tests.exporter.models.weights.hostile_checkpoints", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (len(read), done.stderr)
    return read


def test_each_is_refused_in_a_sentence_or_holds_the_good_checkpoint(outcomes):
    assert len(outcomes) == COUNT >= 4 * len(KINDS)
    assert [outcome for outcome in outcomes if outcome["fault"]] == []
    for outcome in outcomes:
        assert outcome["said"] is None or (outcome["name"] in outcome["said"] and outcome["said"].endswith("."))


def test_most_are_refused(outcomes):
    accepted = {outcome["name"][5:] for outcome in outcomes if outcome["said"] is None}
    assert len(KINDS) - len(accepted) >= 25  # some change what says again what the rest says


def test_each_takes_a_moment_and_little_memory(outcomes):
    assert max(outcome["seconds"] for outcome in outcomes) < MOST_SECONDS
    assert max(outcome["megabytes"] for outcome in outcomes) < MOST_MEGABYTES
