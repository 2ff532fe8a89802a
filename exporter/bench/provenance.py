"""What a figure was measured with. A number without it is worth nothing, so whatever writes figures writes this too."""

from __future__ import annotations

import json
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from device_profiles import load
from device_profiles.host import cores

PACKAGES = ("torch",)
"""Distributions whose versions decide figures in every format; those of a format's toolchain are the artefact's."""
CODE = ("exporter", "device_profiles", "latency_db")
"""Folders of a clone whose changes decide figures too"""


@cache
def provenance() -> dict[str, str]:
    """Versions and commit of vitexport, and the machine: system, CPU model, threads that a runtime may take."""
    return {
        "vitexport": metadata.version("vitexport"),
        "commit": _commit() or "unknown",
        **{package: metadata.version(package) for package in PACKAGES},
        "python": platform.python_version(),
        "host": f"{platform.system()} {platform.machine()}",
        "cpu": load("host").soc or "unknown",
        "threads": str(cores()),
    }


def _commit() -> str | None:
    """Commit of the source that runs: of the clone that it lies in, or of the repository that pip took it from.

    It ends in -dirty where code of the clone was changed since.
    """
    folder = Path(__file__).parents[2]
    if (folder / ".git").exists():
        commit, changed = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain", "--", *CODE)
        return f"{commit}-dirty" if commit and changed else commit
    origin = metadata.distribution("vitexport").read_text("direct_url.json")
    found = json.loads(origin).get("vcs_info", {}).get("commit_id") if origin else None
    return str(found) if found else None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, in one line; None where there is no git, or it will not say."""
    try:
        found = subprocess.run(
            # Without its optional locks, `git status` writes nothing.
            ["git", "--no-optional-locks", "-C", folder, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
