"""The app's models, such as who has the engine and when the camera runs, on the real core, without Apple's SDK."""

import shutil

from tests.apps.ios.portable import EXECUTORCH, PORTABLE, STAND_INS
from tests.apps.ios.project import APP
from tests.apps.swift import require_swift, swift

LINKED = ("-Xlinker", "--allow-shlib-undefined")
"""Swift 6.0's Observation lacks on Linux a function that it calls where a lock fails (swiftlang/swift issue 75670)."""

TESTS = STAND_INS.parent / "model"
CORES_TESTS = APP / "TrackerCore" / "Tests" / "TrackerCoreTests"
SMALL = [CORES_TESTS / "Bundle" / "SmallBundle.swift", CORES_TESTS / "Packs" / "SmallPack.swift"]

PACKAGE = """// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Vitexport",
    targets: [
        .target(name: "TrackerCore"),
        .target(name: "ExecuTorch"),
        .target(name: "Vitexport", dependencies: ["TrackerCore", "ExecuTorch"]),
        .testTarget(name: "VitexportTests", dependencies: ["Vitexport"]),
    ])
"""


def test_its_tests_pass(tmp_path):
    require_swift()
    package = tmp_path / "package"
    shutil.copytree(APP / "TrackerCore" / "Sources", package / "Sources")
    (package / "Package.swift").write_text(PACKAGE)
    for folder, files in {
        "Sources/ExecuTorch": [EXECUTORCH],
        "Sources/Vitexport": [STAND_INS, *PORTABLE],
        "Tests/VitexportTests": [*SMALL, *sorted(TESTS.glob("*.swift"))],
    }.items():
        (package / folder).mkdir(parents=True)
        for file in files:
            shutil.copy(file, package / folder)
    report = tmp_path / "tests.xml"
    options = ("--package-path", package, "--xunit-output", report, *LINKED)
    done = swift("test", *options, folders=[tmp_path], environment={})
    assert done.returncode == 0, done.stdout + done.stderr
    ran = (tmp_path / "tests-swift-testing.xml").read_text()
    assert ran.count("<testcase ") == (TESTS / "ModelTests.swift").read_text().count("@Test(")
