"""What a figure was measured with."""

import os
import subprocess
from importlib import metadata
from pathlib import Path

from device_profiles import load
from exporter.bench.provenance import provenance

ROOT = Path(__file__).parents[3]


def test_versions_system_cpu_and_threads_are_named():
    found = provenance()
    assert set(found) == {"vitexport", "commit", "torch", "python", "host", "cpu", "threads"}
    assert all(found.values())
    assert (found["vitexport"], found["torch"]) == (metadata.version("vitexport"), metadata.version("torch"))
    assert found["cpu"] == (load("host").soc or "unknown")
    assert 1 <= int(found["threads"]) <= os.cpu_count()


def test_the_commit_is_that_of_the_clone_which_runs():
    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()

    changed = "-dirty" if git("status", "--porcelain", "--", "exporter", "device_profiles") else ""
    assert provenance()["commit"] == (f"{git('rev-parse', 'HEAD')}{changed}" if git("rev-parse", "HEAD") else "unknown")
