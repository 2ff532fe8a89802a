"""Pictures with random damage, the same in every run: each is read or refused in a sentence, at once and in little
memory."""

import json
import subprocess
import sys

import pytest

from exporter.media.photos.reading import read_photo
from tests.exporter.media.photos.damaged_pictures import pictures


@pytest.fixture(scope="module", params=[7, 2026])
def came_of_it(request) -> dict:
    """Of 500 pictures, in a process of its own, whose memory is measured."""
    command = [sys.executable, "-m", "tests.exporter.media.photos.damaged_pictures", str(request.param), "500"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_each_is_a_picture_or_a_sentence(came_of_it):
    assert came_of_it["faults"] == []
    assert came_of_it["readable"] >= 100  # some damage does nothing


def test_each_takes_a_moment_and_little_memory(came_of_it):
    assert came_of_it["slowest"] < 5
    assert came_of_it["megabytes"] < 900


def test_pictures_without_damage_are_read(tmp_path):
    for ending, content in pictures().items():
        (tmp_path / f"a{ending}").write_bytes(content)
        assert read_photo(tmp_path / f"a{ending}").size in ((40, 30), (30, 40), (16, 12)), ending
