"""The app's Xcode project as plain values, and what is wrong with one that Xcode would open as a broken one."""

import re
from pathlib import Path
from typing import Any

from openstep_parser import OpenStepDecoder

APP = Path(__file__).parents[3] / "apps" / "ios"
PROJECT = APP / "Vitexport.xcodeproj" / "project.pbxproj"
SOURCES = APP / "Vitexport"

_ID = re.compile(r"[0-9A-F]{24}")


def read(path: Path = PROJECT) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        return OpenStepDecoder.ParseFromFile(file)


def of_kind(project: dict[str, Any], isa: str) -> list[dict[str, Any]]:
    return [one for one in project["objects"].values() if one["isa"] == isa]


def settings(project: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By the configuration's name, those of the project and those of the target."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in of_kind(project, "XCBuildConfiguration"):
        found.setdefault(one["name"], []).append(one["buildSettings"])
    return found


def dangling(project: dict[str, Any]) -> list[str]:
    """Ids that are referred to, and are no object's."""
    objects = project["objects"]
    referred = {project["rootObject"]} | {id for one in objects.values() for id in _ids(one)}
    return sorted(referred - set(objects))


def unused(project: dict[str, Any]) -> list[str]:
    """Objects that nothing refers to."""
    objects = project["objects"]
    referred = {project["rootObject"]} | {id for one in objects.values() for id in _ids(one)}
    return sorted(set(objects) - referred)


def missing(project: dict[str, Any]) -> list[Path]:
    """Paths that the project has and the folder has not; what is built is not there before."""
    paths = []
    for group in of_kind(project, "PBXFileSystemSynchronizedRootGroup"):
        paths += [APP / group["path"], *(APP / group["path"] / folder for folder in group["explicitFolders"])]
    paths += [APP / one["relativePath"] / "Package.swift" for one in of_kind(project, "XCLocalSwiftPackageReference")]
    paths += [APP / one["path"] for one in of_kind(project, "PBXFileReference") if one["sourceTree"] == "<group>"]
    return [path for path in paths if not path.exists()]


def _ids(value: Any) -> list[str]:
    """All ids in an object, those among its keys included"""
    if isinstance(value, dict):
        return [id for pair in value.items() for one in pair for id in _ids(one)]
    if isinstance(value, list):
        return [id for one in value for id in _ids(one)]
    return [value] if isinstance(value, str) and _ID.fullmatch(value) else []
