"""Puts a bundle into the apps for phones, so that what is built there has it.

    python apps/place_bundle.py BUNDLE [--app android|ios]

It goes into each app that runs one of its formats, without the files that the app does not read. All files are checked
against the bundle's checksums before one is copied; where a bundle is refused, the one that was there stays.
"""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter import Bundle
from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from exporter.bundle import is_bundle
from exporter.contents import MANIFEST, SUMS, digest, size_of
from exporter.errors import BundleError, VitexportError
from exporter.manifest import File, Manifest

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class App:
    name: str
    place: Path
    """Of the bundle, below `apps/`"""
    formats: tuple[str, ...]
    """That it runs"""

    def runs(self, manifest: Manifest) -> tuple[str, ...]:
        """The bundle's formats that it runs."""
        return tuple(name for name in manifest.formats if name in self.formats)

    def reads(self, manifest: Manifest) -> tuple[File, ...]:
        """The files that it reads: the graphs that it runs, and what its self-test follows."""
        paths = [artifact.file for artifact in manifest.artifacts if artifact.format in self.formats]
        if manifest.sequence:
            paths.append(manifest.sequence.file)
        return tuple(file for file in manifest.files if any(f"{file.path}/".startswith(f"{path}/") for path in paths))


APPS: Mapping[str, App] = {
    "android": App("Android", Path("android/app/src/main/assets/bundle"), ("executorch", "tflite")),
    "ios": App("iOS", Path("ios/Vitexport/Bundle/tracker"), ("coreml", "coreai", "executorch")),
}
"""By what `--app` calls them"""


@dataclass(frozen=True)
class Placed:
    """A bundle in an app."""

    app: App
    path: Path
    replaced: str | None
    """What was there before, in words"""

    def sentence(self) -> str:
        manifest = Bundle.open(self.path).manifest
        formats, size = " and ".join(self.app.runs(manifest)), size_of(self.path) / 1e6
        before = f", in place of {self.replaced}" if self.replaced else ""
        return f"{self.app.name}: {_named(manifest)} is in {self.path}, to be run in {formats}, {size:.1f} MB{before}."


def opened(path: str | Path) -> Bundle:
    """The bundle of a tracker; raises `BundleError`."""
    if not is_bundle(path):
        raise BundleError(
            f"{path} is no bundle; `make demo` makes one, and so does `vitexport efficienttam_nano --target DEVICE`, "
            "whose folder `make apps BUNDLE=FOLDER` takes."
        )
    bundle = Bundle.open(path)
    if bundle.manifest.model.task != "track":
        raise BundleError(
            f"{bundle.manifest.model.name} follows nothing, and the apps do; place the bundle of a tracker."
        )
    return bundle


def place_bundle(bundle: Bundle, apps: Sequence[App] = tuple(APPS.values()), folder: Path = FOLDER) -> list[Placed]:
    """Copy it into those of the apps that can run it; raises `BundleError` where none can."""
    fitting = [app for app in apps if app.runs(bundle.manifest)]
    if not fitting:
        raise BundleError(_nothing_to_run(bundle, apps))
    bundle.check()
    return [_copied(bundle, app, folder / app.place) for app in fitting]


def _nothing_to_run(bundle: Bundle, apps: Sequence[App]) -> str:
    names = " or the ".join(f"{app.name} app" for app in apps)
    wanted = " or ".join(dict.fromkeys(f"--format {name}" for app in apps for name in app.formats))
    return f"{bundle.path} has nothing that the {names} runs; export the model with {wanted} too."


def _copied(bundle: Bundle, app: App, place: Path) -> Placed:
    """In one step, so that no app ever has half a bundle."""
    replaced, files = _found(place), app.reads(bundle.manifest)
    with staging(place.parent) as stage:
        copy = stage / place.name
        for path in (MANIFEST, SUMS, *(file.path for file in files)):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.path / path, copy / path)
        for file in files:
            if digest(copy / file.path) != file.sha256:
                raise BundleError(f"{bundle.path / file.path} was altered while it was copied; run `make apps` again.")
        move_all(stage, {place.name: place.name})
    return Placed(app, place, replaced)


def _found(place: Path) -> str | None:
    """The bundle in a place, in words; None where there is none."""
    if not is_bundle(place):
        return None
    try:
        return _named(Bundle.open(place).manifest)
    except BundleError:
        return "one that this vitexport does not read"


def _named(manifest: Manifest) -> str:
    trained = "" if manifest.weights.trained else " (UNTRAINED)"
    return f"{manifest.model.name}{trained} for {manifest.target.name}"


def main(path: str, apps: Sequence[App]) -> None:
    try:
        bundle = opened(path)
        placed = place_bundle(bundle, apps)
    except VitexportError as error:
        raise SystemExit(f"Error: {error}") from None
    for one in placed:
        print(one.sentence())
    for app in apps:
        if not app.runs(bundle.manifest):
            print(f"{app.name}: nothing was changed, as {_nothing_to_run(bundle, [app])}")
    if not bundle.manifest.weights.trained:
        print("The weights are UNTRAINED, and so the apps say: what they show means nothing.")


if __name__ == "__main__":
    parser = ArgumentParser(description="Put a bundle into the apps for phones.")
    parser.add_argument("bundle", help="its folder")
    parser.add_argument("--app", choices=APPS, help="into this one alone")
    given = parser.parse_args()
    main(given.bundle, [APPS[given.app]] if given.app else list(APPS.values()))
