"""What `make` deletes is what it made."""

import subprocess
from pathlib import Path

import pytest

from tests.system_programs import require

MAKEFILE = Path(__file__).parent.parent / "Makefile"
LEFT = ("build/lib/exporter/__init__.py", "build/bdist.linux-x86_64/wheel/METADATA")
"""By setuptools"""


@pytest.mark.parametrize(
    "goal", [("clean",), ("wheel", "BIN=bin", "--assume-old=exporter/serve/app/index.html")], ids=["clean", "wheel"]
)
@pytest.mark.parametrize("folder", ["build", "bundles"])
def test_a_bundle_of_the_users_is_not_deleted(tmp_path, folder, goal):
    pip = tmp_path / "bin/pip"
    manifest = tmp_path / folder / "mobilevit_s-pixel8/manifest.json"
    for file in (pip, manifest, *(tmp_path / name for name in LEFT)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n")
    pip.chmod(0o755)
    make = [require("make"), "--file", MAKEFILE, "--directory", tmp_path, *goal]
    done = subprocess.run(make, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert manifest.is_file()
    assert not any((tmp_path / name).exists() for name in LEFT), "setuptools would pack what an earlier build left"
