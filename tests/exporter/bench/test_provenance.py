"""What a figure was measured with."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from device_profiles import load
from exporter.bench.provenance import provenance

ROOT = Path(__file__).parents[3]
PACKAGES = ("exporter", "device_profiles", "latency_db")


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

    changed = "-dirty" if git("status", "--porcelain", "--", *PACKAGES) else ""
    assert provenance()["commit"] == (f"{git('rev-parse', 'HEAD')}{changed}" if git("rev-parse", "HEAD") else "unknown")


def test_asking_for_the_commit_writes_nothing_into_the_clone(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    os.utime(tmp_path / "exporter" / "__init__.py", (0, 0))  # git would take note that its content is the same
    before = (tmp_path / ".git" / "index").read_bytes()
    program = "from exporter.bench import provenance; provenance.provenance(); print(provenance.__file__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert (tmp_path / ".git" / "index").read_bytes() == before
