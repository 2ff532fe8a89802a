"""Times a kernel pack on a connected Android device, and keeps what was timed whatever happens then.

The artefacts go to the device in batches and are removed after each, so that a full pack needs little room there. After
each batch the result, the JSON that the apps write too, is on this machine's disk. What the latency database has of the
device is not timed again, so that a run which was stopped goes on with the next one.
"""

from __future__ import annotations

import secrets
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from exporter.backends.runner import Progress
from exporter.bench.packs.contents import extracted, file_name, whole_pack
from exporter.bench.packs.pack import PackError, device_id
from exporter.bench.phone.adb import Adb, AdbError, DeviceGone, connected
from exporter.bench.phone.benchmark_model import DELEGATES, NoTimings, Settings, timings
from exporter.bench.phone.properties import Phone, describe_phone, thermal_state
from exporter.bench.timing.time_left import time_left
from exporter.errors import VitexportError
from exporter.paths import check_input, check_output_file
from latency_db.importers.app_json import PackedTimes, PackResult
from latency_db.importers.devices import device
from latency_db.importers.plausibility import check_possible
from latency_db.importers.reading import read_file
from latency_db.importers.refusal import ImportRefused
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Device, Latency, Thermal, Unit
from latency_db.packs import Pack, PackedKernel, remember_pack
from latency_db.store.errors import StoreError

if TYPE_CHECKING:
    from latency_db.store.store import Store

METHOD = "benchmark_model"
_BATCH = 32
"""Kernels"""
_ANSWERING = 10.0
"""Seconds more than a kernel may take, until an answer has to be here"""
_TIMED_OUT = 124
"""Exit status of `timeout` for what it has ended"""
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
    """The id or name of the profile under which it is stored; None goes by the name that it gives itself."""
    unit: Unit | None = None
    """None takes that of which the pack has the kernels; there is no other."""


@dataclass(frozen=True)
class TimedPack:
    phone: Phone
    result: Path | None
    """The JSON; None where nothing was timed"""
    timed: int
    known: int
    """Kernels that were timed before"""
    failed: tuple[str, ...]
    """A sentence for each kernel that gave no time"""
    stopped: str | None
    """Why not every kernel was tried"""


def time_pack(request: AdbRequest, store: Store, progress: Progress | None = None) -> TimedPack:
    """Time what the store does not have yet. Raises `AdbError` where no device can be used, and `PackError` for a pack
    that cannot; what ends the work once it has begun, an interrupt too, is told in what is returned."""
    stored_as = device_id(request.device) if request.device is not None else None
    pack = _pack_of(request)
    _check_program(request.benchmark_model)
    started = datetime.now(UTC).replace(microsecond=0)
    path = request.pack.with_suffix(f".{started:%Y%m%dT%H%M%SZ}.json")
    check_output_file(path, PackError, "--pack")
    remember_pack(request.pack)
    adb = connected(request.serial)
    phone = describe_phone(adb)
    named = replace(phone, model=stored_as) if stored_as else phone
    try:
        conditions = _conditions(pack, request.settings, phone)
        known = _timed_before(store, device(named.model, named.soc), conditions)
    except ValueError as error:
        raise AdbError(f"{adb.serial} says of itself what cannot be stored ({error}): pass --target.") from None
    except StoreError as error:
        raise VitexportError(str(error)) from None
    run = _Run(request, pack, adb, named, conditions, known, started, path)
    try:
        run.on_device(progress or (lambda what, share: None))
    except VitexportError as error:
        run.stopped = str(error)
    except (KeyboardInterrupt, SystemExit):
        run.stopped = "The run was interrupted."
    finally:
        run.save()
    result = path if run.times else None
    before = sum(packed.key in known for packed in pack.manifest.kernels)
    return TimedPack(phone, result, len(run.times), before, tuple(run.failed), run.stopped)


def import_result(path: Path, store: Store) -> int:
    """Put a result's rows into the latency database; returns how many. Raises `VitexportError`, and the file is still
    there, where they cannot be stored."""
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
    """By the name under which it is stored"""
    conditions: Conditions
    known: frozenset[str]
    """Keys of kernels that are not timed again"""
    started: datetime
    path: Path
    """Of the result"""
    times: dict[str, PackedTimes] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    thermal: list[Thermal | None] = field(default_factory=list)
    stopped: str | None = None

    def on_device(self, step: Progress) -> None:
        kernels = [packed for packed in self.pack.manifest.kernels if packed.key not in self.known]
        if not kernels:
            return
        folder = f"{_FOLDER}/vitexport-{secrets.token_hex(4)}"
        begun, tried = monotonic(), 0
        try:
            step("sending benchmark_model", 0.0)
            program = f"{folder}/benchmark_model"
            _check(self.adb, f"mkdir -p {folder}")
            self.adb.push([self.request.benchmark_model], program)
            _check(self.adb, f"chmod 755 {program}")
            self.thermal.append(thermal_state(self.adb))
            for batch in _batches(kernels):
                with tempfile.TemporaryDirectory() as here:
                    self.adb.push(extracted(self.request.pack, batch, Path(here)), folder)
                for packed in batch:
                    left = time_left(begun, tried, len(kernels))
                    step(f"kernel {tried + 1} of {len(kernels)}{left}", tried / len(kernels))
                    self._time(packed, program, folder)
                    tried += 1
                self.thermal.append(thermal_state(self.adb))
                self.adb.shell(f"rm -f {' '.join(f'{folder}/{file_name(packed)}' for packed in batch)}")
                self.save()
        finally:
            with suppress(AdbError):  # of a device that has gone, which keeps what lies there
                self.adb.shell(f"rm -rf {folder}")

    def _time(self, packed: PackedKernel, program: str, folder: str) -> None:
        settings, unit = self.request.settings, str(self.conditions.unit)
        # The device ends what takes too long: a local adb that gives up would leave it running beside the next kernel.
        ended = ["timeout", f"{settings.patience:g}", program]
        command = shlex.join([*ended, *settings.arguments(f"{folder}/{file_name(packed)}", unit)])
        try:
            answer = self.adb.shell(command, settings.patience + _ANSWERING)
            if answer.status == _TIMED_OUT:
                raise NoTimings(f"it took more than {settings.patience:g} s")
            found = timings(answer.text, unit)
            latency = Latency(p50=found.p50, mean=found.mean, std=found.std, n=found.n, warmup=found.warmup)
            check_possible(Kernel.of_key(packed.key), latency)
        except DeviceGone:
            raise
        except (AdbError, NoTimings, ValueError) as error:
            self.failed.append(f"'{packed.key}': {error}")
            return
        said = {name: getattr(latency, name) for name in ("p50", "mean", "std", "n", "warmup")}
        self.times[packed.key] = PackedTimes.model_validate({**said, "thermal": self.thermal[-1]})

    def save(self) -> None:
        """Write what was timed so far, in the place of what was written before."""
        if not self.times:
            return
        ran, states = self.conditions, self.thermal or [None]
        said: dict[str, Any] = {
            "schema": 1,
            "pack_sha256": self.pack.sha256,
            "device": vars(self.phone),
            "app_version": f"run by vitexport {metadata.version('vitexport')} over adb",
            "backend": ran.runtime,
            "compute_unit": ran.unit,
            "precision": ran.precision,
            "delegate": ran.delegate,
            "threads": ran.threads,
            "method": ran.method,
            "thermal": {"start": states[0], "end": states[-1]},
            "started_at": self.started,
            "kernels": {key: times.model_dump(exclude_none=True) for key, times in self.times.items()},
        }
        text = PackResult.model_validate(said).model_dump_json(by_alias=True, exclude_none=True, indent=1)
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self.path)


def _check_program(path: Path) -> None:
    check_input(path, AdbError)
    if not path.is_file():
        raise AdbError(f"{path} is no file: pass --benchmark-model with LiteRT's program for Android.")


def _pack_of(request: AdbRequest) -> Pack:
    """Raises `PackError` for one that benchmark_model does not run, or not on the unit that is asked for."""
    pack = whole_pack(request.pack)
    manifest = pack.manifest
    if manifest.runtime != "tflite":
        raise PackError(f"{request.pack} is for {manifest.runtime}, and benchmark_model runs TFLite: make one of that.")
    if manifest.unit not in DELEGATES or request.unit not in (None, manifest.unit):
        asked = request.unit or "cpu or the gpu"
        raise PackError(
            f"{request.pack} has kernels as the {manifest.unit} runs them, not the {asked}: make another, by --unit."
        )
    return pack


def _conditions(pack: Pack, settings: Settings, phone: Phone) -> Conditions:
    """What a row of the result will say, but for the device's state."""
    manifest = pack.manifest
    return Conditions(
        manifest.runtime,
        manifest.unit,
        manifest.precision,
        delegate=DELEGATES[manifest.unit],
        os=phone.os,
        threads=settings.threads if manifest.unit == "cpu" else None,
        method=METHOD,
    )


def _timed_before(store: Store, phone: Device, conditions: Conditions) -> frozenset[str]:
    """Keys of the kernels that the store has of a device under these very conditions."""
    rows = store.measurements(device=phone.id, soc=phone.soc, kind="kernel", runtime="tflite")
    return frozenset(
        record.measurement.subject.key
        for record in rows
        if record.measurement.conditions == conditions and record.measurement.quality != "suspect"
    )


def _batches(kernels: Sequence[PackedKernel]) -> Iterator[Sequence[PackedKernel]]:
    for start in range(0, len(kernels), _BATCH):
        yield kernels[start : start + _BATCH]


def _check(adb: Adb, command: str) -> None:
    """Run what has to succeed."""
    answer = adb.shell(command)
    if answer.status:
        raise AdbError(f"{adb.serial} refuses '{command}': {answer.text.strip()[:200]}")
