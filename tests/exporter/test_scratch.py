"""Temporary files lie in a folder that goes with the work."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from exporter.scratch import scratch

LEAVES_A_FILE = "import tempfile; print(tempfile.mkstemp()[1])"
IS_KILLED = """
import os, signal, tempfile
from exporter.scratch import scratch
with scratch():
    tempfile.mkstemp()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where temporary files lie otherwise."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_what_is_left_here_and_by_processes_is_gone_afterwards(temporary):
    with scratch():
        here = Path(tempfile.mkdtemp())
        (here / "left").touch()
        there = subprocess.run([sys.executable, "-c", LEAVES_A_FILE], capture_output=True, text=True, check=True)
        (folder,) = temporary.iterdir()
        assert {here.parent, Path(there.stdout).parent} == {folder}
    assert list(temporary.iterdir()) == []


def test_it_goes_with_work_that_fails_too(temporary):
    with pytest.raises(KeyboardInterrupt), scratch():
        tempfile.mkstemp()
        raise KeyboardInterrupt
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next(temporary):
    subprocess.run([sys.executable, "-c", IS_KILLED], check=False)
    (left,) = temporary.iterdir()
    with scratch():
        assert not left.exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("was_set", [True, False])
def test_afterwards_temporary_files_lie_where_they_did(temporary, monkeypatch, was_set):
    if not was_set:
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = os.environ.get("TMPDIR")
    with scratch():
        assert os.environ["TMPDIR"] != before
    assert os.environ.get("TMPDIR") == before
    assert tempfile.gettempdir() == str(temporary)
