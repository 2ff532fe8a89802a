"""The app's own tests, which Node runs, as a part of this project's."""

import json
import re
import subprocess
from importlib.metadata import version

from tests.web_app import SOURCES, node_environment


def test_the_app_is_of_this_version():
    assert json.loads((SOURCES / "package.json").read_text())["version"] == version("vitexport")


def test_the_tests_in_typescript_pass():
    command = ["node", "--test", "--test-reporter=spec", "tests/**/*.test.ts"]
    done = subprocess.run(
        command, cwd=SOURCES, env=node_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"pass (\d+)", done.stdout).group(1)) > 0
