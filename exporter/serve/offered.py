"""Bundles and kernel packs that the web app can run; any other is refused before anything is served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from device_profiles.browser import RUNS
from exporter.bundle import Bundle
from exporter.errors import BundleError, VitexportError
from exporter.paths import check_input
from exporter.printable import printable
from latency_db.packs import PackRefused, read_pack

_MAKES_ONE = "`vitexport efficienttam_nano --target browser` makes one"


@dataclass(frozen=True)
class OfferedBundle:
    """A bundle whose files are those of its manifest, under the name that it has in URLs."""

    name: str
    bundle: Bundle

    @property
    def trained(self) -> bool:
        return self.bundle.manifest.weights.trained


@dataclass(frozen=True)
class OfferedPack:
    """A kernel pack, under the name that it has in URLs."""

    name: str
    path: Path


def offered_bundles(paths: Iterable[Path]) -> tuple[OfferedBundle, ...]:
    """Bundles of trackers that agree with PyTorch, in formats that browsers run. Raises `BundleError`."""
    bundles = tuple(_offered_bundle(path) for path in paths)
    if (twice := _twice([one.name for one in bundles])) is not None:
        raise BundleError(f"Two bundles are called {twice}, and would have one address: rename one of their folders.")
    return bundles


def offered_packs(paths: Iterable[Path]) -> tuple[OfferedPack, ...]:
    """Kernel packs that browsers run. Raises `VitexportError`."""
    packs = tuple(_offered_pack(path) for path in paths)
    if (twice := _twice([one.name for one in packs])) is not None:
        raise VitexportError(f"Two kernel packs are called {twice}, and would have one address: rename one of them.")
    return packs


def _offered_bundle(path: Path) -> OfferedBundle:
    bundle = Bundle.open(path)
    manifest = bundle.manifest
    if manifest.model.task != "track":
        raise BundleError(
            f"{path} holds {manifest.model.name}, which follows no object, and the app needs a tracker: {_MAKES_ONE}."
        )
    if not set(manifest.formats) & set(RUNS):
        again = " ".join(f"--format {name}" for name in RUNS)
        raise BundleError(
            f"{path} has {', '.join(manifest.formats)}, none of which a browser runs: "
            f"`vitexport {manifest.model.name} --target {manifest.target.id} {again}` makes what it does."
        )
    if failures := manifest.failures:
        raise BundleError(
            f"{path} failed verification ({failures[0]}): `vitexport verify {path} --explain` tells where."
        )
    bundle.check()
    return OfferedBundle(path.resolve().name, bundle)


def _offered_pack(path: Path) -> OfferedPack:
    check_input(path, VitexportError)
    try:
        manifest = read_pack(path).manifest
    except PackRefused as error:
        raise VitexportError(printable(error)) from None
    if path.suffix.lower() != ".zip":
        raise VitexportError(f"{path} is a pack's manifest alone: pass the zip that `vitexport bench --pack` made.")
    if manifest.unit not in RUNS.get(manifest.runtime, ()):
        raise VitexportError(
            f"{path} has kernels in {manifest.runtime} with --unit {manifest.unit}, which no browser runs: "
            f"`vitexport bench --pack {path.stem}-browser.zip --target browser` makes those that it does."
        )
    return OfferedPack(path.name, path)


def _twice(names: Sequence[str]) -> str | None:
    """The first name that occurs twice; None if none does."""
    return next((name for name, count in Counter(names).items() if count > 1), None)
