"""Reads a kernel pack to run it: its manifest, and the artefacts as the manifest promises them."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from exporter.bench.packs.pack import PackError
from exporter.budgets import PACK_ARTEFACT
from exporter.paths import check_input
from latency_db.packs import UNREADABLE, Pack, PackedKernel, PackRefused, read_pack


def whole_pack(path: Path) -> Pack:
    """A pack of which every artefact is there and as its manifest says. Raises `PackError`."""
    check_input(path, PackError)
    try:
        pack = read_pack(path)
    except PackRefused as error:
        raise PackError(str(error)) from None
    for _ in _artefacts(path, pack.manifest.kernels):
        pass  # whatever is damaged is said before the work
    return pack


def extracted(path: Path, kernels: Sequence[PackedKernel], folder: Path) -> list[Path]:
    """The artefacts of these kernels as files in a folder. Raises `PackError`."""
    files = []
    for packed, content in _artefacts(path, kernels):
        files.append(folder / file_name(packed))
        files[-1].write_bytes(content)
    return files


def file_name(packed: PackedKernel) -> str:
    """Of an artefact, without the folder that it has in the pack"""
    return packed.file.rpartition("/")[2]


def _artefacts(path: Path, kernels: Sequence[PackedKernel]) -> Iterator[tuple[PackedKernel, bytes]]:
    """Raises `PackError` for one that is not what the manifest says."""
    try:
        with zipfile.ZipFile(path) as archive:
            for packed in kernels:
                PACK_ARTEFACT.check(archive.getinfo(packed.file).file_size, f"{path}: {packed.file}", PackError)
                content = archive.read(packed.file)
                if hashlib.sha256(content).hexdigest() != packed.sha256:
                    raise PackError(f"{path}: {packed.file} is not what the manifest says: make the pack anew.")
                yield packed, content
    except (*UNREADABLE, OSError) as error:
        raise PackError(f"{path} is damaged ({error}): make the pack anew.") from None
