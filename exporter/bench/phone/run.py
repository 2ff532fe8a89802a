"""Times a kernel pack on a connected Android device, and keeps what was timed whatever happens then.

The artefacts go to the device in batches and are removed after each, so that a full pack needs little room there. After
each batch the result, the JSON that the apps write too, is on this machine's disk.
"""

from __future__ import annotations

import hashlib
import secrets
import shlex
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.backends.runner import Progress
from exporter.bench.packs.pack import PackError
from exporter.bench.phone.adb import Adb, AdbError, DeviceGone, connected
from exporter.bench.phone.benchmark_model import NoTimings, Settings, timings
from exporter.bench.phone.properties import Phone, describe_phone, thermal_state
from exporter.bench.timing.time_left import time_left
from exporter.errors import VitexportError
from exporter.paths import check_input
from latency_db.importers.app_json import PackedTimes, PackResult
from latency_db.importers.plausibility import check_possible
from latency_db.importers.reading import read_file
from latency_db.importers.refusal import ImportRefused
from latency_db.kernel import Kernel
from latency_db.measurement import Latency, Thermal
from latency_db.packs import UNREADABLE, Pack, PackedKernel, PackRefused, read_pack, remember_pack

if TYPE_CHECKING:
    from latency_db.store.store import Store

_BATCH = 32
"""Kernels"""
_KERNEL_SECONDS = 120.0
"""That one may take in all; benchmark_model itself stops after 20 s of each kind of runs"""
_LARGEST = 2**30
"""Bytes of an artefact"""
_FOLDER = "/data/local/tmp"
"""Where Android lets adb write and run programs"""


@dataclass(frozen=True)
class AdbRequest:
    """What to time, where, and with what."""

    pack: Path
    benchmark_model: Path
    """LiteRT's program for the device's processor"""
    settings: Settings = field(default_factory=Settings)
    serial: str | None = None
    """None takes the only device."""
    device: str | None = None
    """The id under which it is stored; None goes by the name that it gives itself."""


@dataclass(frozen=True)
class TimedPack:
    phone: Phone
    result: Path | None
    """The JSON; None where nothing was timed"""
    timed: int
    failed: tuple[str, ...]
    """A sentence for each kernel that gave no time"""
    stopped: str | None
    """Why not every kernel was tried"""


def time_pack(request: AdbRequest, progress: Progress | None = None) -> TimedPack:
    """Raises `AdbError` where no device can be used, and `PackError` for a pack that cannot; what ends the work once it
    has begun is told in what is returned."""
    pack = _pack_of(request.pack)
    check_input(request.benchmark_model, AdbError)
    if not request.benchmark_model.is_file():
        raise AdbError(
            f"{request.benchmark_model} is no file: pass --benchmark-model with LiteRT's program for Android."
        )
    adb = connected(request.serial)
    run = _Run(request, pack, adb, describe_phone(adb))
    try:
        run.on_device(progress or (lambda what, share: None))
    except AdbError as error:
        run.stopped = str(error)
    finally:
        run.save()
    return TimedPack(run.phone, run.path if run.times else None, len(run.times), tuple(run.failed), run.stopped)


def import_result(path: Path, store: Store) -> int:
    """Put a result's rows into the latency database; returns how many. Raises `VitexportError`, and the file is still
    there, where they cannot be stored."""
    from latency_db.store import StoreError

    try:
        return len(store.add(read_file("app", path)))
    except (StoreError, ImportRefused) as error:
        raise VitexportError(f"{error} What was timed is in {path}: vitexport latency import {path}.") from None


@dataclass
class _Run:
    """What is known while kernels are timed."""

    request: AdbRequest
    pack: Pack
    adb: Adb
    phone: Phone
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    times: dict[str, PackedTimes] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    thermal: list[Thermal | None] = field(default_factory=list)
    stopped: str | None = None

    @property
    def path(self) -> Path:
        return self.request.pack.with_suffix(f".{self.started:%Y%m%dT%H%M%SZ}.json")

    def on_device(self, step: Progress) -> None:
        folder = f"{_FOLDER}/vitexport-{secrets.token_hex(4)}"
        kernels, begun, tried = self.pack.manifest.kernels, time.monotonic(), 0
        try:
            step("sending benchmark_model", 0.0)
            program = f"{folder}/benchmark_model"
            _check(self.adb, f"mkdir -p {folder}")
            self.adb.push([self.request.benchmark_model], program)
            _check(self.adb, f"chmod 755 {program}")
            self.thermal.append(thermal_state(self.adb))
            for batch in _batches(kernels):
                with tempfile.TemporaryDirectory() as here:
                    self.adb.push(_extracted(self.request.pack, batch, Path(here)), folder)
                for packed in batch:
                    left = time_left(begun, tried, len(kernels))
                    step(f"kernel {tried + 1} of {len(kernels)}{left}", tried / len(kernels))
                    self._time(packed, program, folder)
                    tried += 1
                self.thermal.append(thermal_state(self.adb))
                self.adb.shell(f"rm -f {' '.join(f'{folder}/{_name(packed)}' for packed in batch)}")
                self.save()
        finally:
            with suppress(AdbError):  # of a device that has gone, which keeps what lies there
                self.adb.shell(f"rm -rf {folder}")

    def _time(self, packed: PackedKernel, program: str, folder: str) -> None:
        settings = self.request.settings
        command = shlex.join([program, *settings.arguments(f"{folder}/{_name(packed)}")])
        try:
            answer = self.adb.shell(command, _KERNEL_SECONDS)
            found = timings(answer.text, settings.unit)
            latency = Latency(p50=found.p50, mean=found.mean, std=found.std, n=found.n, warmup=settings.warmup)
            check_possible(Kernel.of_key(packed.key), latency)
        except DeviceGone:
            raise
        except (AdbError, NoTimings, ValueError) as error:
            self.failed.append(f"'{packed.key}': {error}")
            return
        said = {"p50": latency.p50, "mean": latency.mean, "std": latency.std, "n": latency.n}
        self.times[packed.key] = PackedTimes.model_validate({**said, "thermal": self.thermal[-1]})

    def save(self) -> None:
        """Write what was timed so far, in the place of what was written before."""
        if not self.times:
            return
        settings, states = self.request.settings, self.thermal or [None]
        said: dict[str, Any] = {
            "schema": 1,
            "pack_sha256": self.pack.sha256,
            "device": {"model": self.request.device or self.phone.model, "os": self.phone.os, "soc": self.phone.soc},
            "app_version": f"run by vitexport {metadata.version('vitexport')} over adb",
            "backend": self.pack.manifest.runtime,
            "compute_unit": settings.unit,
            "threads": settings.threads if settings.unit == "cpu" else None,
            "warmup": settings.warmup,
            "method": "benchmark_model",
            "thermal": {"start": states[0], "end": states[-1]},
            "started_at": self.started,
            "kernels": {key: times.model_dump(exclude_none=True) for key, times in self.times.items()},
        }
        text = PackResult.model_validate(said).model_dump_json(by_alias=True, exclude_none=True, indent=1)
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self.path)


def _pack_of(path: Path) -> Pack:
    check_input(path, PackError)
    try:
        pack = read_pack(path)
    except PackRefused as error:
        raise PackError(str(error)) from None
    if pack.manifest.runtime != "tflite":
        raise PackError(f"{path} is for {pack.manifest.runtime}, and benchmark_model runs TFLite: make one of that.")
    for _ in _artefacts(path, pack.manifest.kernels):
        pass  # whatever is damaged is said before the work
    remember_pack(path)
    return pack


def _extracted(path: Path, batch: Sequence[PackedKernel], folder: Path) -> list[Path]:
    """The artefacts of a batch as files in a folder."""
    files = []
    for packed, content in _artefacts(path, batch):
        files.append(folder / _name(packed))
        files[-1].write_bytes(content)
    return files


def _artefacts(path: Path, kernels: Sequence[PackedKernel]) -> Iterator[tuple[PackedKernel, bytes]]:
    """Raises `PackError` for one that is not what the manifest says."""
    try:
        with zipfile.ZipFile(path) as archive:
            for packed in kernels:
                if archive.getinfo(packed.file).file_size > _LARGEST:
                    raise PackError(f"{path}: {packed.file} is larger than a kernel can be: make the pack anew.")
                content = archive.read(packed.file)
                if hashlib.sha256(content).hexdigest() != packed.sha256:
                    raise PackError(f"{path}: {packed.file} is not what the manifest says: make the pack anew.")
                yield packed, content
    except UNREADABLE as error:
        raise PackError(f"{path} is damaged ({error}): make the pack anew.") from None


def _batches(kernels: Sequence[PackedKernel]) -> Iterator[Sequence[PackedKernel]]:
    for start in range(0, len(kernels), _BATCH):
        yield kernels[start : start + _BATCH]


def _name(packed: PackedKernel) -> str:
    return packed.file.rpartition("/")[2]


def _check(adb: Adb, command: str) -> None:
    """Run what has to succeed."""
    answer = adb.shell(command)
    if answer.status:
        raise AdbError(f"{adb.serial} refuses '{command}': {answer.text.strip()[:200]}")
