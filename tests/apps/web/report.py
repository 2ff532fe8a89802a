"""What Node says of the web app's own tests."""

import subprocess
from pathlib import Path
from xml.etree import ElementTree

from tests.apps.cases import Report, report
from tests.apps.pipes import piped
from tests.web_app import SOURCES, node_environment


def web_report(bundle: Path, folder: Path) -> Report:
    """Run them; real graphs are a bundle's. `folder` is an empty one to work in."""
    results = folder / "junit.xml"
    command = [
        "node",
        "--test",
        "--test-reporter=junit",
        f"--test-reporter-destination={results}",
        "tests/**/*.test.ts",
    ]
    with piped(bundle, folder) as variables:
        done = subprocess.run(
            command, cwd=SOURCES, env=node_environment() | variables, capture_output=True, text=True, timeout=300
        )
    tests = list(ElementTree.parse(results).iter("testcase"))
    faults = [test.get("name") for test in tests if test.find("failure") is not None]
    assert done.returncode == 0, f"{faults}\n{done.stdout}{done.stderr}"
    return report((test.get("name"), not list(test)) for test in tests)
