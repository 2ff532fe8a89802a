"""The Xcode project: what is written there fits together, and fits the package and the code."""

import copy
import plistlib
import re
import subprocess
import xml.etree.ElementTree as ET
from importlib.metadata import version

import pytest

from tests.apps.ios.project import APP, PROJECT, SOURCES, dangling, missing, of_kind, read, settings, unused

PACKAGE = (APP / "TrackerCore" / "Package.swift").read_text()


@pytest.fixture(scope="module")
def project():
    return read()


@pytest.fixture
def broken(project):
    return copy.deepcopy(project)


def code() -> str:
    return "\n".join(path.read_text() for path in sorted(SOURCES.rglob("*.swift")))


def test_every_reference_has_its_object(project):
    assert dangling(project) == []


def test_an_object_that_is_gone_is_noticed(broken):
    gone = next(id for id, one in broken["objects"].items() if one["isa"] == "XCSwiftPackageProductDependency")
    del broken["objects"][gone]
    assert dangling(broken) == [gone]


def test_every_object_is_referred_to(project):
    assert unused(project) == []


def test_every_path_is_there(project):
    assert missing(project) == []


def test_a_package_that_is_elsewhere_is_noticed(broken):
    of_kind(broken, "XCLocalSwiftPackageReference")[0]["relativePath"] = "Elsewhere"
    assert missing(broken) == [APP / "Elsewhere" / "Package.swift"]


def test_every_product_comes_from_a_package_that_has_it(project):
    objects = project["objects"]
    for product in of_kind(project, "XCSwiftPackageProductDependency"):
        package = objects[product["package"]]
        if package["isa"] == "XCLocalSwiftPackageReference":
            assert f'.library(name: "{product["productName"]}"' in PACKAGE
    linked = {one["productRef"] for one in of_kind(project, "PBXBuildFile")}
    (target,) = of_kind(project, "PBXNativeTarget")
    assert linked == set(target["packageProductDependencies"])


def test_every_module_that_is_imported_is_linked_or_the_systems(project):
    system = {
        "Accelerate",
        "AVFoundation",
        "CoreAI",
        "CoreML",
        "CoreVideo",
        "CryptoKit",
        "Foundation",
        "Metal",
        "MetalKit",
        "Observation",
        "SwiftUI",
        "UIKit",
        "UniformTypeIdentifiers",
    }
    products = {one["productName"] for one in of_kind(project, "XCSwiftPackageProductDependency")}
    imported = set(re.findall(r"^(?:@preconcurrency )?import (\w+)$", code(), re.MULTILINE))
    # the product is called executorch, and its module ExecuTorch
    assert {name.lower() for name in imported - system} <= {name.lower() for name in products}


def test_the_app_runs_on_the_systems_that_the_package_runs_on(project):
    (oldest,) = {
        one["IPHONEOS_DEPLOYMENT_TARGET"]
        for found in settings(project).values()
        for one in found
        if "IPHONEOS_DEPLOYMENT_TARGET" in one
    }
    assert f".iOS(.v{oldest.split('.')[0]})" in PACKAGE


def test_the_app_and_the_package_are_of_the_same_language(project):
    (mode,) = {one["SWIFT_VERSION"] for found in settings(project).values() for one in found if "SWIFT_VERSION" in one}
    assert mode == "6.0"
    assert "swiftLanguageModes: [.v6]" in PACKAGE


def test_debug_and_release_are_of_the_same_app(project):
    app, other = (found[1] for found in settings(project).values())
    assert app == other


def test_the_system_is_told_why_the_camera_is_used(project):
    assert "AVCaptureDevice.requestAccess" in code()
    for _, app in settings(project).values():
        assert app["INFOPLIST_KEY_NSCameraUsageDescription"]
        assert app["GENERATE_INFOPLIST_FILE"] == "YES"


REASONS = {"UserDefaults": "CA92.1", "SystemBootTime": "35F9.1", "FileTimestamp": "C617.1"}
"""Category of Apple's -> why the app uses it: settings of its own, durations, the size of graphs within the app"""


def test_the_privacy_manifest_has_the_reasons_that_apple_requires(project):
    with (SOURCES / "PrivacyInfo.xcprivacy").open("rb") as file:
        manifest = plistlib.load(file)
    category = "NSPrivacyAccessedAPICategory"
    assert {
        one["NSPrivacyAccessedAPIType"].removeprefix(category): one["NSPrivacyAccessedAPITypeReasons"]
        for one in manifest["NSPrivacyAccessedAPITypes"]
    } == {name: [reason] for name, reason in REASONS.items()}
    # it is a resource like any file of the synchronised folder, of which none is left out
    (group,) = of_kind(project, "PBXFileSystemSynchronizedRootGroup")
    assert (group["path"], group.get("exceptions")) == (SOURCES.name, None)


def test_no_other_api_is_used_that_needs_a_reason():
    """By the names that Apple lists; those of the first two categories are used."""
    everything = code() + "".join(path.read_text() for path in (APP / "TrackerCore" / "Sources").rglob("*.swift"))
    listed = {
        "UserDefaults": r"\bUserDefaults\b",
        "SystemBootTime": r"\bsystemUptime\b|\bmach_absolute_time\b",
        "FileTimestamp": r"\b(creation|(file|content)?[mM]odification)Date(Key)?\b|\b[fl]?stat(at)?\(",
        "DiskSpace": r"\bvolume\w*Capacity\w*|\bsystem(Free)?Size\b|\bstatv?fs\(",
        "ActiveKeyboards": r"\bactiveInputModes\b",
    }
    assert {name for name, names in listed.items() if re.search(names, everything)} == {
        "UserDefaults",
        "SystemBootTime",
    }


def test_a_result_goes_to_no_address_that_it_is_redirected_to():
    """The delegate was not run: Apple's systems alone have this form of it."""
    sharing = (SOURCES / "Model" / "Sharing.swift").read_text()
    assert "upload(for: request, from: report.json, delegate: ToNoOther())" in sharing
    assert re.search(r"willPerformHTTPRedirection[^{]*async -> URLRequest\? \{\s+nil\s+\}", sharing)


def test_signing_is_the_users(project):
    for _, app in settings(project).values():
        assert app["DEVELOPMENT_TEAM"] == ""


def test_the_app_is_of_this_version(project):
    for _, app in settings(project).values():
        assert app["MARKETING_VERSION"] == version("vitexport")


def test_the_runtime_is_the_one_that_results_name(project):
    (package,) = of_kind(project, "XCRemoteSwiftPackageReference")
    named = re.search(r'static let version = "([\d.]+)"', (SOURCES / "Runners" / "ExecuTorchRunner.swift").read_text())
    assert package["requirement"] == {"kind": "branch", "branch": f"swiftpm-{named.group(1)}"}


def test_a_bundle_in_the_app_is_no_source_and_not_in_the_repository(project):
    (group,) = of_kind(project, "PBXFileSystemSynchronizedRootGroup")
    assert group["explicitFolders"] == ["Bundle"]
    ignored = subprocess.run(["git", "check-ignore", "-q", "Bundle/tracker/manifest.json"], cwd=SOURCES, check=False)
    assert ignored.returncode == 0
    assert re.search(r'static let folder = "([\w/]+)"', code()).group(1) == "Bundle/tracker"


def test_the_scheme_builds_the_target():
    scheme = ET.parse(PROJECT.parent / "xcshareddata" / "xcschemes" / "Vitexport.xcscheme")
    objects = read()["objects"]
    references = list(scheme.iter("BuildableReference"))
    assert references
    for one in references:
        assert objects[one.get("BlueprintIdentifier")]["name"] == one.get("BlueprintName") == "Vitexport"
        assert one.get("ReferencedContainer") == f"container:{PROJECT.parent.name}"


def test_nothing_is_behind_a_long_press_alone():
    assert "Delete object" in code()
    assert not re.search(r"\.contextMenu|onLongPressGesture|LongPressGesture", code())


def test_no_view_makes_a_model_each_time_that_it_is_made():
    for file in (SOURCES / "UI").glob("*.swift"):
        assert "State(initialValue:" not in file.read_text(), file.name


def test_the_shader_has_the_functions_that_the_code_asks_for():
    shader = (SOURCES / "Overlay" / "Mask.metal").read_text()
    renderer = (SOURCES / "Overlay" / "MaskRenderer.swift").read_text()
    for kind in ("vertex", "fragment"):
        name = re.search(rf'{kind}Function = "(\w+)"', renderer).group(1)
        assert re.search(rf"^{kind} \w+ {name}\(", shader, re.MULTILINE)


@pytest.mark.parametrize("struct", ["MaskPlacement", "MaskPaint"])
def test_the_shader_and_the_code_have_the_same_layout(struct):
    types = {"SIMD2<Float>": "float2", "SIMD4<Float>": "float4", "UInt32": "uint"}
    shader = re.search(rf"struct {struct} \{{(.*?)\n\}};", (SOURCES / "Overlay" / "Mask.metal").read_text(), re.DOTALL)
    in_shader = [(name, type) for type, name in re.findall(r"^\s+(\w+) (\w+);", shader.group(1), re.MULTILINE)]
    renderer = (SOURCES / "Overlay" / "MaskRenderer.swift").read_text()
    swift = re.search(rf"struct {struct} \{{(.*?)\n    \}}", renderer, re.DOTALL)
    in_swift = [(name, types[type]) for name, type in re.findall(r"var (\w+): (\S+)", swift.group(1))]
    assert in_shader == in_swift != []
