"""Kernel packs as the latency database knows them: what a pack's manifest says, and which packs are known here.

A pack is a zip of small artefacts, a kernel each, that any app or person can time on a device;
`exporter/bench/packs/pack.py` makes them. Its manifest's SHA-256 is its name: what was timed says of which pack it is.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from device_profiles.vocabulary import Precision, Runtime
from latency_db.kept_manifests import keep, kept
from latency_db.kernel import Kernel
from latency_db.limits import PACK_KERNELS, PACK_MANIFEST_BYTES, PACKS_BESIDE
from latency_db.measurement import Unit

MANIFEST = "manifest.json"

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, UnicodeDecodeError, KeyError, EOFError, RuntimeError,
    NotImplementedError,
)  # fmt: skip
"""What `zipfile` raises, beside `OSError`, for archives that are damaged, encrypted or lack a file"""


class PackRefused(ValueError):
    """A file that is no kernel pack, or no whole one; one sentence."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class PackedInput(_Part):
    name: str
    shape: tuple[int, ...]
    dtype: Literal["float32"]
    channels_last: bool = False
    """Whether its values lie in memory with the channels last, though its shape has them second"""


class PackedKernel(_Part):
    key: str
    """`Kernel.key`"""
    file: str = Field(pattern=r"^kernels/[a-z0-9_]+\.[a-z]+$")
    """Its artefact, within the pack"""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the artefact; of a folder, that of the lines which `sha256sum` has for its files, in order of their names"""
    inputs: tuple[PackedInput, ...]
    uses: int = Field(ge=1)
    """How often the registered models run it, each of their graphs once"""


class PackManifest(_Part):
    """What is in a pack. Kernels come in the order in which they are best measured: the first 30 say most of all."""

    schema_version: Literal[1] = Field(1, alias="schema")
    made_by: str
    """Program and version"""
    toolchain: dict[str, str]
    """Distribution that wrote the artefacts -> its version"""
    target: str
    """The device that it was made for; any other may run it"""
    runtime: Runtime
    unit: Unit
    """Whose fusion decided what the kernels are"""
    precision: Precision
    kernels: tuple[PackedKernel, ...] = Field(min_length=1, max_length=PACK_KERNELS, fail_fast=True)

    @model_validator(mode="after")
    def _keys_are_of_kernels(self) -> Self:
        for packed in self.kernels:
            Kernel.of_key(packed.key)
        for what in ("key", "file"):
            if len({getattr(packed, what) for packed in self.kernels}) < len(self.kernels):
                raise ValueError(f"two kernels have one {what}")
        return self


@dataclass(frozen=True)
class Pack:
    """A manifest that was read."""

    manifest: PackManifest
    sha256: str
    """Of the manifest's bytes"""


def pack_of(text: bytes, where: object) -> Pack:
    """From a manifest's bytes, `where` they stand. Raises `PackRefused`."""
    try:
        manifest = PackManifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        raise PackRefused(f"{where} has no kernel pack's manifest ({place}: {first['msg']}): make it anew.") from None
    return Pack(manifest, hashlib.sha256(text).hexdigest())


def read_pack(path: Path) -> Pack:
    """From a pack's zip, or its manifest alone. Raises `PackRefused`."""
    try:
        return pack_of(_manifest_bytes(path), path)
    except OSError as error:
        reason = error.strerror or error  # bz2's has words alone
        raise PackRefused(f"{path} cannot be read ({reason}): pass a kernel pack's zip.") from None
    except UNREADABLE:
        raise PackRefused(f"{path} is no kernel pack: pass a zip that `vitexport bench --pack` made.") from None


def remember_pack(path: Path) -> None:
    """Keep a pack's manifest among the user's data, so that results of the pack are known to be of it."""
    keep("packs", _manifest_bytes(path))


def known_pack(sha256: str, beside: Path) -> Pack | None:
    """The pack of this name among the user's data or in the folder of a file; None where it is in neither."""
    for path in _candidates(sha256, beside):
        with suppress(PackRefused):
            pack = read_pack(path)
            if pack.sha256 == sha256:
                return pack
    return None


def _candidates(sha256: str, beside: Path) -> Iterator[Path]:
    """Files; a pipe would be waited for."""
    places = (kept("packs", sha256), beside.parent / MANIFEST, *sorted(beside.parent.glob("*.zip")))
    return islice((path for path in places if path.is_file()), PACKS_BESIDE)


def _manifest_bytes(path: Path) -> bytes:
    if path.suffix == ".json":
        with path.open("rb") as file:
            text = file.read(PACK_MANIFEST_BYTES + 1)
    else:
        with zipfile.ZipFile(path) as archive, archive.open(MANIFEST) as file:
            text = file.read(PACK_MANIFEST_BYTES + 1)
    if len(text) > PACK_MANIFEST_BYTES:
        raise PackRefused(
            f"{path} has a manifest of more than {PACK_MANIFEST_BYTES:,} bytes: pass a kernel pack's zip."
        )
    return text
