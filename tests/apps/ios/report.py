"""What the tests of the iOS app's core say, without a Mac, and what they leave."""

import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from tests.apps.cases import SOURCES, Report, report
from tests.apps.pipes import piped
from tests.apps.results import place_pack
from tests.apps.swift import require_swift, swift

CORE = SOURCES / "ios/TrackerCore"


def ios_report(bundle: Path, folder: Path) -> Report:
    """Build and run them; real graphs are a bundle's. `folder` is an empty one to work in, and has results after."""
    require_swift()
    package, pack = folder / "TrackerCore", folder / "pack"
    shutil.copytree(CORE, package, ignore=shutil.ignore_patterns(".build"))
    with zipfile.ZipFile(place_pack(folder, "iphone15")) as archive:
        archive.extractall(pack)
    options = ["--package-path", package, "--xunit-output", folder / "tests.xml"]
    with piped(bundle, folder) as variables:
        environment = variables | {"VITEXPORT_PACK": str(pack), "VITEXPORT_RESULTS": str(folder)}
        done = swift("test", *options, folders=[folder, bundle], environment=environment)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "warning:" not in said, said
    shutil.rmtree(package)
    tests = ElementTree.parse(folder / "tests-swift-testing.xml").iter("testcase")
    return report((test.get("name"), not list(test)) for test in tests)
