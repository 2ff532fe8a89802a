"""Packages that would report on those who use them are told not to, wherever our code runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import exporter
from exporter.telemetry import OPT_OUTS
from exporter.worker.stages import Stage, run_stages

ROOT = Path(exporter.__file__).parents[1]


def in_a_process(module: str, environment: dict[str, str]) -> dict[str, str | None]:
    """The opt-outs after a module of ours was imported."""
    program = f"import json, os, {module}; print(json.dumps([os.environ.get(name) for name in {list(OPT_OUTS)}]))"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(zip(OPT_OUTS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("module", ["exporter", "exporter.cli", "exporter.worker.guest", "exporter.backends.onnx"])
def test_whatever_of_ours_is_imported_they_are_told_so(module):
    assert in_a_process(module, {}) == OPT_OUTS


def test_forks_tell_them_too():
    def told(report, *given):
        return {name: os.environ.get(name) for name in OPT_OUTS}

    found = run_stages([Stage("one", told), Stage("two", told)], 2, lambda what, share: None)
    assert found == {"one": OPT_OUTS, "two": OPT_OUTS}


def test_what_the_user_says_stands():
    name = next(iter(OPT_OUTS))
    assert in_a_process("exporter", {name: "0"}) == {**OPT_OUTS, name: "0"}
