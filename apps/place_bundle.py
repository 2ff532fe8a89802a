"""Puts a bundle into the Android and the iOS project, so that what is built there has it.

    python apps/place_bundle.py BUNDLE

All files are checked against the bundle's checksums before one is copied. Where a bundle is refused, as one that an app
could not run, the one that was there stays.
"""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter import Bundle
from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from exporter.errors import BundleError, VitexportError

APPS = Path(__file__).parent


@dataclass(frozen=True)
class Project:
    place: Path
    """Of the bundle, below `apps/`"""
    formats: tuple[str, ...]
    """That the app runs"""


PROJECTS: Mapping[str, Project] = {
    "Android": Project(Path("android/app/src/main/assets/bundle"), ("executorch", "tflite")),
    "iOS": Project(Path("ios/Vitexport/Bundle/tracker"), ("coreml", "coreai", "executorch")),
}


def place_bundle(bundle: Bundle, apps: Path = APPS) -> list[Path]:
    """Copy it into every project, and return where it is; raises `BundleError`."""
    manifest = bundle.manifest
    if manifest.model.task != "track":
        raise BundleError(f"{manifest.model.name} follows nothing, and the apps do; place the bundle of a tracker.")
    for app, project in PROJECTS.items():
        if not set(project.formats) & set(manifest.formats):
            wanted = " or ".join(f"--format {name}" for name in project.formats)
            raise BundleError(f"{bundle.path} has nothing that the {app} app runs; export the model with {wanted} too.")
    bundle.check()
    return [_copied(bundle, apps / project.place) for project in PROJECTS.values()]


def _copied(bundle: Bundle, place: Path) -> Path:
    """In one step, so that no project ever has half a bundle."""
    with staging(place.parent) as stage:
        shutil.copytree(bundle.path, stage / place.name)
        Bundle.open(stage / place.name).check()
        move_all(stage, {place.name: place.name})
    return place


def main(path: str) -> None:
    try:
        bundle = Bundle.open(path)
        places = place_bundle(bundle)
    except VitexportError as error:
        raise SystemExit(f"Error: {error}") from None
    for place in places:
        print(place)
    if not bundle.manifest.weights.trained:
        print("The weights are UNTRAINED, and so the apps say: what they show means nothing.")


if __name__ == "__main__":
    parser = ArgumentParser(description="Put a bundle into the Android and the iOS project.")
    parser.add_argument("bundle", help="its folder")
    main(parser.parse_args().bundle)
