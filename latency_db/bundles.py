"""Exported bundles as the latency database knows them: which model, at which size, a bundle's manifest is of.

Apps that time a bundle name it by its manifest's SHA-256. Of the manifest (docs/manifest.schema.json) only what a
latency needs is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device_profiles.vocabulary import Precision
from latency_db import limits
from latency_db.kept_manifests import keep, kept
from latency_db.measurement import NumberFormat, Subject

MANIFEST = "manifest.json"


class BundleRefused(ValueError):
    """A folder that is no bundle; one sentence."""


class _Part(BaseModel):
    """Fields that are not named here are let through: manifests say more."""

    model_config = ConfigDict(frozen=True, strict=True)


class _Model(_Part):
    name: str = Field(min_length=1)
    image_size: int = Field(ge=1)


class _Variant(_Part):
    format: str
    precision: Precision


class _Graph(_Part):
    name: str


class _Manifest(_Part):
    model: _Model
    variants: tuple[_Variant, ...] = Field(fail_fast=True)
    graphs: tuple[_Graph, ...] = Field(min_length=1, fail_fast=True)


@dataclass(frozen=True)
class Bundle:
    """A manifest that was read."""

    manifest: _Manifest
    sha256: str
    """Of the manifest's bytes"""

    def subject(self, graph: str) -> Subject:
        """One of its graphs. Raises `ValueError` where it has no such graph."""
        if graph not in {one.name for one in self.manifest.graphs}:
            raise ValueError(f"the bundle has no graph '{graph}'")
        model = self.manifest.model
        return Subject.of_graph(model.name, graph, (model.image_size, model.image_size))

    def precision(self, format: str, stated: NumberFormat | None = None) -> NumberFormat:
        """The stated one of those that the bundle has of a format, or the only one.

        Raises `ValueError` where it has none, not the stated one, or several and none is stated.
        """
        found = sorted({one.precision for one in self.manifest.variants if one.format == format})
        if not found:
            raise ValueError(f"the bundle has nothing in {format}")
        if stated is not None and stated not in found:
            raise ValueError(f"the bundle has {format} in {' and '.join(found)}, not in {stated}")
        if stated is not None:
            return stated
        if len(found) > 1:
            raise ValueError(f"the bundle has {format} in {' and '.join(found)}: say which as precision")
        return found[0]


def read_bundle(folder: Path) -> Bundle:
    """From a bundle's folder. Raises `BundleRefused`."""
    try:
        return bundle_of(_bytes_of(folder / MANIFEST), folder / MANIFEST)
    except OSError as error:
        raise BundleRefused(f"{folder} has no {MANIFEST} ({error.strerror}): pass a bundle's folder.") from None


def remember_bundle(folder: Path) -> None:
    """Keep a bundle's manifest among the user's data, so that results of the bundle are known to be of it when it was
    exported again; nothing depends on that, so no more is said where it cannot be written."""
    with suppress(OSError):
        keep("bundles", _bytes_of(folder / MANIFEST))


def _bytes_of(manifest: Path) -> bytes:
    with manifest.open("rb") as file:
        return file.read(limits.BUNDLE_MANIFEST_BYTES)


def bundle_of(text: bytes, where: object) -> Bundle:
    """From a manifest's bytes, `where` they stand. Raises `BundleRefused`."""
    try:
        return Bundle(_Manifest.model_validate_json(text), hashlib.sha256(text).hexdigest())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        raise BundleRefused(
            f"{where} is no bundle's ({place}: {first['msg']}): pass the folder that an export made."
        ) from None


def known_bundle(sha256: str, beside: Path, named: Sequence[Path] = ()) -> Bundle | None:
    """The bundle of this name among the folders that are named, in the folder of a file or beside it, or remembered;
    else None.

    Raises `BundleRefused` for a named folder that is no bundle.
    """
    for bundle in chain(map(read_bundle, named), _beside(beside), _remembered(sha256)):
        if bundle.sha256 == sha256:
            return bundle
    return None


def _beside(file: Path) -> Iterator[Bundle]:
    manifests = islice(sorted(file.parent.glob(f"*/{MANIFEST}")), limits.BUNDLES_BESIDE)
    for folder in (file.parent, *(manifest.parent for manifest in manifests)):
        with suppress(BundleRefused):
            yield read_bundle(folder)


def _remembered(sha256: str) -> Iterator[Bundle]:
    path = kept("bundles", sha256)
    with suppress(BundleRefused, OSError):
        yield bundle_of(_bytes_of(path), path)
