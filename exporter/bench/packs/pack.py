"""Kernel packs: a zip of small artefacts, a kernel each, that a phone can time without anything of this program.

What is in a pack follows from the index of registered models, the format and the number alone; the artefacts are the
same bytes each time where the toolchain writes such.
"""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from device_profiles import UnknownDevice
from device_profiles import load as load_device
from device_profiles.browser import RUNS
from device_profiles.platforms import APPLES, runs
from device_profiles.schema import Device
from device_profiles.vocabulary import Runtime
from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from exporter.backends import backend, toolchain_versions
from exporter.backends.interface import Backend, LowerOptions
from exporter.backends.runner import Progress
from exporter.bench.kernels.artifacts import make
from exporter.bench.kernels.graphs import kernel_graph
from exporter.bench.packs.choice import UsedKernel, best_measured_first, used_kernels
from exporter.bench.packs.readme import readme
from exporter.bench.timing.time_left import time_left
from exporter.budgets import PACK_KERNELS
from exporter.errors import UnknownDeviceError, VitexportError, describe
from exporter.models.registry import model_info
from exporter.paths import check_input, check_output_file
from exporter.printable import printable
from latency_db.estimator.question import DEFAULT_UNITS
from latency_db.kernel import Kernel
from latency_db.measurement import Unit
from latency_db.packs import MANIFEST, PackedInput, PackedKernel, PackManifest, PackRefused, read_pack, remember_pack
from latency_db.registered import NotInIndex, shipped_index

DEFAULT_COUNT = 300
FORMATS: tuple[Runtime, ...] = ("tflite", "executorch", "onnx", "coreml")
"""They are called like the runtimes that fuse their graphs."""
SPARE = 1.2
"""So many times more kernels are looked at than are wanted: some cannot be lowered"""
_CHANNELS_LAST = {"tflite", "executorch"}
"""Formats that keep pictures so within a model; Core ML and, on phones, ONNX Runtime have the channels first."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can have: a pack does not depend on when it was made"""


class PackError(VitexportError):
    """A kernel pack that cannot be made or read."""


@dataclass(frozen=True)
class PackRequest:
    """What pack to make."""

    out: Path
    target: str
    format: str | None = None
    """None takes TFLite's, for an Apple device Core ML's"""
    unit: Unit | None = None
    """Where it is to run: decides what is fused. None takes that on which the format runs unless it is told: the CPU,
    and of Core ML whichever it chooses."""
    count: int = DEFAULT_COUNT
    models: tuple[str, ...] = ()
    """Whose kernels; those of all that are registered, if none is named"""


@dataclass(frozen=True)
class MadePack:
    path: Path
    manifest: PackManifest
    sha256: str
    """Of the manifest"""
    left_out: tuple[str, ...]
    """A sentence for each kernel that could not be lowered"""


def make_pack(request: PackRequest, progress: Progress | None = None) -> MadePack:
    """Write a pack, whole or not at all, and remember it, so that its results can be imported. Raises `PackError`."""
    check_output_file(request.out, PackError, "--pack")
    if request.out.suffix != ".zip":
        raise PackError(f"A kernel pack is a zip: pass --pack {request.out.with_suffix('.zip').name}.")
    _refuse_to_replace(request.out)
    PACK_KERNELS.check_option(request.count, PackError)
    models = [model_info(name).name for name in request.models]
    device = device_id(request.target)
    format = _format(request.format or ("coreml" if device.startswith(("iphone", "ipad")) else "tflite"))
    unit = request.unit or DEFAULT_UNITS.get(format.name, "cpu")
    if unit == "all" and DEFAULT_UNITS.get(format.name) != "all":
        raise PackError(f"{format.name} does not choose where kernels run: pass --unit cpu, gpu or npu.")
    _refuse_what_never_runs(format.name, unit, load_device(device))
    toolchain = toolchain_versions(format)
    chosen = _chosen(format, unit, models, request.count)
    with staging(request.out.parent) as stage:
        draft = stage / "pack"
        with zipfile.ZipFile(draft, "w") as archive:
            made = _Maker(format, stage, archive, request.count, progress)
            kernels = tuple(made.kernels(chosen))
            if not kernels:
                raise PackError(f"No kernel could be lowered to {format.name}: {made.left_out[0]}")
            manifest = PackManifest(
                schema=1,
                made_by=f"vitexport {metadata.version('vitexport')}",
                toolchain=toolchain,
                target=device,
                runtime=next(name for name in FORMATS if name == format.name),
                unit=unit,
                precision=format.precisions[0],
                kernels=kernels,
            )
            text = manifest.model_dump_json(by_alias=True, indent=1).encode()
            _add(archive, MANIFEST, text)
            digest = hashlib.sha256(text).hexdigest()
            _add(archive, "README.txt", readme(manifest, digest).encode())
        move_all(stage, {draft.name: request.out.name})
    remember_pack(request.out)
    return MadePack(request.out, manifest, digest, tuple(made.left_out))


class _Maker:
    """Lowers kernels one by one into an archive."""

    def __init__(
        self, format: Backend, stage: Path, archive: zipfile.ZipFile, count: int, progress: Progress | None
    ) -> None:
        self.format, self.stage, self.archive, self.count = format, stage, archive, count
        self.step = progress or (lambda what, share: None)
        self.left_out: list[str] = []

    def kernels(self, chosen: list[UsedKernel]) -> Iterator[PackedKernel]:
        begun, made = time.monotonic(), 0
        for used in chosen:
            if made == self.count:
                return
            self.step(f"kernel {made + 1} of {self.count}{time_left(begun, made, self.count)}", made / self.count)
            packed = self._pack(made, used)
            if packed is not None:
                made += 1
                yield packed

    def _pack(self, number: int, used: UsedKernel) -> PackedKernel | None:
        kernel = used.kernel
        path = self.stage / f"{number:04d}_{kernel.kind}.{self.format.extension}"
        try:
            inputs = self._lowered(kernel, path)
        except VitexportError as error:
            self.left_out.append(str(error))
            return None
        except (OSError, MemoryError):
            raise  # the machine's: no other kernel would fare better
        except Exception as error:  # a toolchain's own, of one kernel among hundreds
            self.left_out.append(printable(f"'{kernel.key}' is not lowered to {self.format.name}: {describe(error)}"))
            return None
        return PackedKernel(
            key=kernel.key,
            file=f"kernels/{path.name}",
            sha256=self._archived(path),
            inputs=inputs,
            uses=used.uses,
        )

    def _lowered(self, kernel: Kernel, path: Path) -> tuple[PackedInput, ...]:
        """Write a kernel's artefact, laid out as within a model, and return its inputs."""
        if self.format.name in _CHANNELS_LAST:
            made = make(kernel, self.format.name, path)
            return tuple(
                PackedInput(name=name, shape=shape, dtype="float32", channels_last=name in made.channels_last)
                for name, shape in made.shapes.items()
            )
        graph = kernel_graph(kernel)
        # Core ML's in fp16 as well, as the packs before: what was timed with casts and without is not of one table.
        self.format.lower(graph, path, LowerOptions(self.format.precisions[0], edges="float32"))
        return tuple(PackedInput(name=one.name, shape=one.shape, dtype="float32") for one in graph.inputs)

    def _archived(self, path: Path) -> str:
        """Move an artefact into the archive; returns its SHA-256, of a folder that of what `sha256sum` says of it."""
        files = sorted(one for one in (path, *path.rglob("*")) if one.is_file())
        sums = []
        for file in files:
            content = file.read_bytes()
            name = file.relative_to(self.stage).as_posix()
            _add(self.archive, f"kernels/{name}", content)
            sums.append((hashlib.sha256(content).hexdigest(), name))
            file.unlink()
        if files == [path]:
            return sums[0][0]
        return hashlib.sha256("".join(f"{digest}  {name}\n" for digest, name in sums).encode()).hexdigest()


def _refuse_what_never_runs(format: str, unit: Unit, device: Device) -> None:
    """Raise `PackError` for kernels that nothing on a device's platform runs."""
    if device.platform == "browser" and unit not in RUNS.get(format, ()):
        ways = ", or ".join(f"--format {name} with --unit {' or '.join(units)}" for name, units in RUNS.items())
        raise PackError(f"No browser runs kernels in {format} with --unit {unit}: pass {ways}.")
    if not runs(format, device.platform):
        others = " or ".join(name for name in FORMATS if runs(name, device.platform))
        raise PackError(f"{APPLES[format]} runs on Apple systems only, not on {device.name}: pass --format {others}.")


def _refuse_to_replace(path: Path) -> None:
    """Raise `PackError` for something else than an older pack."""
    check_input(path, PackError)
    try:
        if path.exists():
            read_pack(path)
    except PackRefused:
        raise PackError(f"{path} exists and is no kernel pack: move it away or pass another --pack.") from None


def _chosen(format: Backend, unit: Unit, models: Sequence[str], count: int) -> list[UsedKernel]:
    try:
        used = used_kernels(shipped_index(), format.name, unit, models)
    except NotInIndex as error:
        raise PackError(f"{error} Pass another --format or --unit.") from None
    return best_measured_first(used, int(count * SPARE))


def _format(name: str) -> Backend:
    if name not in FORMATS:
        raise PackError(f"There are no kernel packs in {name}: pass --format {', '.join(FORMATS)}.")
    return backend(name)


def device_id(target: str) -> str:
    """Of a device's profile, by its id or name; raises `UnknownDeviceError`."""
    try:
        return load_device(target).id
    except UnknownDevice as error:
        raise UnknownDeviceError(str(error)) from None


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, content)
