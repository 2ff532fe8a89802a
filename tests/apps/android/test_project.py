"""The Android project, of which only the core and little else is compiled here: it parses, and what it names exists."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.apps.android import project
from tests.apps.android.project import ANDROID, APP, MANIFEST, PROJECT

PACKAGE = "dev.vitexport.app"
CORE = "dev.vitexport.core"


@pytest.mark.parametrize("path", project.kotlin(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_kotlin_parses(path: Path) -> None:
    assert project.syntax_errors(path.read_bytes()) == []


def test_a_dropped_operand_is_no_kotlin() -> None:
    source = (APP / "src" / "main" / "kotlin" / "dev" / "vitexport" / "app" / "overlay" / "Placement.kt").read_text()
    assert source.count("pictureWidth * scale") == 1
    assert project.syntax_errors(source.replace("pictureWidth * scale", "pictureWidth *").encode()) != []


@pytest.mark.parametrize("path", project.xml_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_xml_is_well_formed(path: Path) -> None:
    ElementTree.parse(path)


def test_every_alias_is_in_the_catalogue_and_used() -> None:
    catalogue = project.catalogue()
    declared = {f"libs.{name.replace('-', '.')}" for name in catalogue["libraries"]}
    declared |= {f"libs.plugins.{name.replace('-', '.')}" for name in catalogue["plugins"]}
    used = {
        alias
        for script in project.build_scripts().values()
        for alias in re.findall(r"\blibs(?:\.[a-z]+)+\b", script)
        if not alias.startswith("libs.versions.")
    }
    assert used == declared


def test_every_version_is_in_the_catalogue_and_used() -> None:
    catalogue = project.catalogue()
    entries = [*catalogue["libraries"].values(), *catalogue["plugins"].values()]
    used = {entry["version"]["ref"] for entry in entries if isinstance(entry, dict)}
    assert used == set(catalogue["versions"])
    asked = {
        name for script in project.build_scripts().values() for name in re.findall(r"libs\.versions\.(\w+)", script)
    }
    assert asked <= used


def test_the_exporter_and_the_app_have_the_same_executorch() -> None:
    requirements = (PROJECT.parents[1] / "pyproject.toml").read_text()
    exporter = re.search(r'"executorch>=(\d+\.\d+)', requirements)
    assert exporter is not None
    assert str(project.catalogue()["versions"]["executorch"]).startswith(f"{exporter[1]}.")


def test_modules_exist() -> None:
    settings = (PROJECT / "settings.gradle.kts").read_text()
    included = re.search(r"include\((.*)\)", settings)
    assert included is not None
    modules = re.findall(r'":(\w+)"', included[1])
    assert modules == ["core", "app"]
    assert [name for name in modules if not (PROJECT / name / "build.gradle.kts").is_file()] == []


def test_the_wrapper_names_the_gradle_of_the_workflow() -> None:
    wrapper = (PROJECT / "gradle" / "wrapper" / "gradle-wrapper.properties").read_text()
    version = re.search(r"gradle-([\d.]+)-bin\.zip", wrapper)
    workflow = (PROJECT.parents[1] / ".github" / "workflows" / "android.yml").read_text()
    assert version is not None
    assert f'gradle-version: "{version[1]}"' in workflow


def test_namespace_id_and_packages_agree() -> None:
    script = project.build_scripts()["app/build.gradle.kts"]
    assert f'namespace = "{PACKAGE}"' in script
    assert f'applicationId = "{PACKAGE}"' in script
    for folder, package in [(APP / "src", PACKAGE), (PROJECT / "core" / "src", CORE)]:
        for path in project.kotlin(folder):
            parts = path.relative_to(folder).parts  # main/kotlin/dev/…
            expected = ".".join(parts[2:-1])
            assert expected.startswith(package), path
            assert project.package(path.read_text()) == expected, path


@pytest.mark.parametrize("way", ["cloud-backup", "device-transfer"])
def test_nothing_is_taken_to_another_device(way: str) -> None:
    application = ElementTree.parse(MANIFEST).getroot().find("application")
    assert application is not None
    assert application.get(f"{ANDROID}allowBackup") == "false"
    assert application.get(f"{ANDROID}dataExtractionRules") == "@xml/data_extraction_rules"
    rules = ElementTree.parse(project.RESOURCES / "xml" / "data_extraction_rules.xml").getroot()
    excluded = {(rule.get("domain"), rule.get("path")) for rule in rules.findall(f"{way}/exclude")}
    assert excluded == {(domain, ".") for domain in ("root", "file", "database", "sharedpref", "external")}


def test_any_jdk_of_17_or_newer_builds_it() -> None:
    """A toolchain would ask for one version, and without a resolver nobody fetches that."""
    scripts = project.build_scripts().values()
    assert not any(re.search(r"toolchain\w*\(", script, re.IGNORECASE) for script in scripts)
    assert any("-Xjdk-release=1.8" in script for script in scripts)


def test_it_runs_from_android_8_on() -> None:
    assert re.search(r"minSdk = (\d+)", project.build_scripts()["app/build.gradle.kts"])[1] == "26"  # type: ignore[index]


def test_every_resource_that_is_used_exists() -> None:
    declared = project.declared_resources()
    used = project.used_resources()
    assert {
        f"{kind}/{name} in {where}" for (kind, name), where in used.items() if not _exists(kind, name, declared)
    } == set()


def _exists(kind: str, name: str, declared: set[tuple[str, str]]) -> bool:
    return any(one == kind and other.replace(".", "_") == name.replace(".", "_") for one, other in declared)


def test_every_resource_that_exists_is_used() -> None:
    used = {(kind, name.replace(".", "_")) for kind, name in project.used_resources()}
    unused = {(kind, name) for kind, name in project.declared_resources() if (kind, name.replace(".", "_")) not in used}
    assert unused == set()


def test_classes_that_xml_names_exist() -> None:
    declared = {
        name for path in project.kotlin(APP / "src" / "main") for name in project.declarations(path.read_bytes())
    }
    root = ElementTree.parse(MANIFEST).getroot()
    named = {PACKAGE + name for one in root.iter() if (name := one.get(f"{ANDROID}name", "")).startswith(".")}
    for path in project.xml_files():
        named |= {one.tag for one in ElementTree.parse(path).iter() if one.tag.startswith(PACKAGE)}
    assert named
    assert named <= declared


def test_imports_of_the_project_resolve() -> None:
    sources = [*project.kotlin(APP / "src"), *project.kotlin(PROJECT / "core" / "src" / "main")]
    declared = {name for path in sources for name in project.declarations(path.read_bytes())}
    packages = {name.rpartition(".")[0] for name in declared}
    generated = {f"{PACKAGE}.R", f"{PACKAGE}.BuildConfig"}
    missing = {
        f"{path.name}: {name}"
        for path in project.kotlin(APP / "src")
        for name in project.imports(path.read_text())
        if name.startswith("dev.vitexport.")
        and name not in declared | generated
        and not (name.endswith(".*") and name[:-2] in packages)
    }
    assert missing == set()


def test_no_import_is_unused() -> None:
    unused = set()
    for path in project.kotlin(APP / "src"):
        source = path.read_text()
        body = re.sub(r"^import .*$", "", project.without_comments(source), flags=re.MULTILINE)
        for name in project.imports(source):
            last = name.rpartition(".")[2]
            if last != "*" and not re.search(rf"\b{last}\b", body):
                unused.add(f"{path.name}: {name}")
    assert unused == set()


def test_what_needs_no_android_uses_none() -> None:
    """It is compiled and tested with the core; more than this list is welcome."""
    names = {path.stem for path in project.sources_without_android()}
    assert {"Follower", "MaskExchange", "Notices", "PictureSizes", "Placement", "SharedObjects", "Upright"} <= names


def test_what_sends_a_result_can_be_deleted_with_the_few_lines_that_the_page_names() -> None:
    """docs/apps_android.md: three of ResultFile.kt and one of result_file.xml"""
    main = APP / "src" / "main"
    files = [path for path in project.kotlin(main) if path.parent.name != "sharing"] + project.xml_files()
    naming = re.compile(r"\b(Sending|sending|SharingError)\b|\.sharing\.|@layout/send\b")
    lines = {path.name: sum(1 for line in path.read_text().splitlines() if naming.search(line)) for path in files}
    assert {name: count for name, count in lines.items() if count} == {"ResultFile.kt": 3, "result_file.xml": 1}


def test_there_is_no_library_besides_the_runtimes_and_the_core() -> None:
    script = project.build_scripts()["app/build.gradle.kts"]
    assert re.findall(r"^ +implementation\((.*)\)$", script, re.MULTILINE) == [
        'project(":core")', "libs.executorch", "libs.litert", "libs.litert.gpu",
    ]  # fmt: skip
    for path in project.kotlin(APP / "src"):
        assert not [name for name in project.imports(path.read_text()) if name.startswith("androidx.")], path


def test_layouts_are_alike_whichever_way_the_device_is_held() -> None:
    for land in (project.RESOURCES / "layout-land").glob("*.xml"):
        ids = [
            set(re.findall(r'"@\+id/(\w+)"|layout="@layout/(\w+)"', path.read_text()))
            for path in (land, project.RESOURCES / "layout" / land.name)
        ]
        assert ids[0] == ids[1], land.name
