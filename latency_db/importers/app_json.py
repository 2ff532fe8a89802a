"""What is written after a benchmark: JSON of schema 1, a file a run, described in docs/latency_import.md.

The sample apps time the graphs of a bundle, and they, `vitexport bench --adb` or a person the kernels of a pack. Times
are milliseconds. Of a bundle only the graphs are imported: what a frame takes has the camera's time in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from device_profiles import UnknownDevice, load
from device_profiles.platforms import runs
from device_profiles.vocabulary import Runtime
from latency_db.bundles import Bundle, known_bundle, read_bundle
from latency_db.importers.devices import device
from latency_db.importers.plausibility import check_possible
from latency_db.importers.refusal import ImportRefused, refused
from latency_db.kernel import Kernel
from latency_db.limits import PACK_KERNELS, RESULT_BYTES
from latency_db.measurement import (
    Conditions,
    Device,
    Latency,
    Measurement,
    NumberFormat,
    Source,
    Subject,
    Thermal,
    Unit,
)
from latency_db.packs import Pack, known_pack

LICENCE = "the user's own"
_CLOCKS_DIFFER = timedelta(days=1)


class _Part(BaseModel):
    """Fields that are not named here are let through: apps of a later version may say more."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Phone(_Part):
    model: str = Field(min_length=1)
    os: str = ""
    soc: str = ""
    browser: str = ""
    """Name and version, such as "Chrome 140", of one in which it ran"""


class Graph(_Part):
    p50: float = Field(gt=0)
    p90: float | None = Field(None, gt=0)
    p99: float | None = Field(None, gt=0)
    mean: float | None = Field(None, gt=0)
    std: float | None = Field(None, ge=0)


SELF_TEST_FAILED = "its self-test failed"
"""In the note of what wrong results took"""


class PackedTimes(_Part):
    """Of a kernel; what is said here goes before what the run says."""

    p50: float | None = Field(None, gt=0)
    p90: float | None = Field(None, gt=0)
    p99: float | None = Field(None, gt=0)
    mean: float | None = Field(None, gt=0)
    std: float | None = Field(None, ge=0)
    n: int | None = Field(None, ge=1)
    warmup: int | None = Field(None, ge=0)
    thermal: Thermal | None = None

    @model_validator(mode="after")
    def _has_a_figure(self) -> Self:
        if self.p50 is None and self.mean is None:
            raise ValueError("it has neither p50 nor mean")
        return self


class ThermalStates(_Part):
    start: Thermal | None = None
    end: Thermal | None = None


class SelfTest(_Part):
    passed: bool = Field(alias="pass")


class _Run(_Part):
    """One run of a benchmark."""

    schema_version: Literal[1] = Field(alias="schema")
    device: Phone
    app_version: str = ""
    backend: Runtime
    backend_version: str = ""
    delegate: str = ""
    compute_unit: Unit | None = None
    precision: NumberFormat | None = None
    threads: int | None = Field(None, ge=1)
    warmup: int | None = Field(None, ge=0)
    n: int | None = Field(None, ge=1)
    thermal: ThermalStates = ThermalStates()
    selftest: SelfTest | None = None
    started_at: AwareDatetime | None = None
    stopped: bool = False
    """Whether somebody ended it before it had all runs"""
    method: str = Field("app", min_length=1)
    """What ran it, such as "benchmark_model" """

    @field_validator("started_at")
    @classmethod
    def _has_begun(cls, given: datetime | None) -> datetime | None:
        """Of rows that contradict each other the latest is believed, which one of next year would always be."""
        if given and given > datetime.now(UTC) + _CLOCKS_DIFFER:
            raise ValueError("it has not come yet, so the phone cannot have run then: check its clock")
        return given


def _few(given: Any) -> Any:
    """Before they are looked at: a list of all that is wrong with many takes seconds and a gigabyte."""
    if isinstance(given, dict) and len(given) > PACK_KERNELS:
        raise ValueError(f"there are {len(given):,}, and a result has {PACK_KERNELS:,} at most")
    return given


class BundleResult(_Run):
    """The graphs of a bundle."""

    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    graphs: Annotated[dict[str, Graph], BeforeValidator(_few)] = Field(min_length=1)

    named_by: ClassVar = "manifest_sha256"

    @property
    def sha256(self) -> str:
        """Of the bundle's manifest"""
        return self.manifest_sha256


class PackResult(_Run):
    """The kernels of a pack, or some of them, by their keys."""

    pack_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    kernels: Annotated[dict[str, PackedTimes], BeforeValidator(_few)] = Field(min_length=1)

    named_by: ClassVar = "pack_sha256"

    @property
    def sha256(self) -> str:
        """Of the pack's manifest"""
        return self.pack_sha256


Result = BundleResult | PackResult


def read(path: Path, bundles: Sequence[Path] = ()) -> Iterator[Measurement]:
    """A measurement for each graph or kernel of a result; `bundles` are folders, one of which it may be of.

    Raises `ImportRefused`.
    """
    text = _text(path)
    result = parsed(text, path)
    line = line_of(text, [result.named_by])
    of: Pack | Bundle | None
    if isinstance(result, PackResult):
        of = known_pack(result.sha256, path)
        unknown = f"the kernel pack {result.sha256[:12]}… is not known here: put its zip beside the result"
    else:
        with refused(path, line):
            of = known_bundle(result.sha256, path, bundles)
        unknown = _unknown_bundle(result.sha256, bundles)
    if of is None:
        raise ImportRefused(path, line, unknown)
    yield from measurements(result, of, path, text)


def parsed(text: str, path: Path) -> Result:
    """A result of either kind, which would be in this file. Raises `ImportRefused`."""
    kind = PackResult if '"pack_sha256"' in text else BundleResult
    try:
        result = kind.model_validate_json(text)
    except ValidationError as error:
        raise _refusal(path, text, error) from None
    with refused(path, line_of(text, ["device", "model"])):
        ran_on(result)
    with refused(path, line_of(text, ["backend"])):
        _check_runs(result)
    return result


def _check_runs(result: _Run) -> None:
    """Raises `ValueError` for a runtime that no system of the device has."""
    with suppress(UnknownDevice):
        profile = load(ran_on(result).id)
        if not runs(result.backend, profile.platform):
            raise ValueError(f"{profile.name} does not run {result.backend}: name the runtime that ran")


def measurements(result: Result, of: Pack | Bundle, path: Path, text: str) -> Iterator[Measurement]:
    """What was timed, of the pack or the bundle that the result names. Raises `ImportRefused`."""
    if isinstance(result, PackResult):
        assert isinstance(of, Pack)
        return of_pack(result, of, path, text)
    assert isinstance(of, Bundle)
    return _of_bundle(result, of, path, text)


def _unknown_bundle(sha256: str, passed: Sequence[Path]) -> str:
    """Why a bundle is not known, which is that the one that was passed is another one, where one was."""
    if not passed:
        return f"the bundle {sha256[:12]}… is not known here: pass its folder as --bundle, or put the result beside it"
    others = " and ".join(f"{folder} is {read_bundle(folder).sha256[:12]}…" for folder in passed)
    return (
        f"it is of the bundle {sha256[:12]}…, and {others}, another one, as after another export: pass as --bundle the "
        "one that was timed, or time this one"
    )


def ran_on(result: _Run) -> Device:
    """Raises `ValueError` for names of which no id can be made."""
    return device(result.device.model, result.device.soc, result.device.browser)


def of_pack(result: PackResult, pack: Pack, path: Path, text: str) -> Iterator[Measurement]:
    """What was timed of a pack. Raises `ImportRefused` for a kernel that is not in it, for impossible times, and for
    another runtime or unit than the pack's: those fuse other kernels. Under "all" any unit may be the one that ran."""
    manifest = pack.manifest
    unit = result.compute_unit or manifest.unit
    if result.backend != manifest.runtime:
        reason = f"the pack is for {manifest.runtime}, and was run by {result.backend}"
        raise ImportRefused(path, line_of(text, ["backend"]), reason)
    if manifest.unit not in ("all", unit):
        reason = f"the pack has the kernels of the {manifest.unit}, and was run on the {unit}"
        raise ImportRefused(path, line_of(text, ["compute_unit"]), reason)
    ran, packed = result.model_copy(update={"compute_unit": unit}), {one.key for one in manifest.kernels}
    for key, times in result.kernels.items():
        try:
            if key not in packed:
                raise ValueError(f"the pack has no kernel '{key}'")
            row = _of_kernel(ran, key, times, path, manifest.precision)
        except ValueError as error:
            raise ImportRefused(path, line_of(text, ["kernels", key]), str(error).removesuffix(".")) from None
        yield row


def _of_kernel(result: PackResult, key: str, times: PackedTimes, path: Path, made_as: NumberFormat) -> Measurement:
    """Raises `ValueError` for a time that cannot be."""
    given = times.model_dump(exclude={"thermal"}, exclude_none=True)
    latency = Latency(**{"n": result.n, "warmup": result.warmup} | given)
    check_possible(Kernel.of_key(key), latency)
    return _measurement(result, Subject("kernel", key), latency, path, times.thermal, made_as)


def _of_bundle(result: BundleResult, bundle: Bundle, path: Path, text: str) -> Iterator[Measurement]:
    """Raises `ImportRefused` for graphs, runtimes and precisions that the bundle lacks, and where it does not say which
    precision was run."""
    with refused(path, line_of(text, ["backend"])):
        made_as = bundle.precision(result.backend, result.precision)
    for name, graph in result.graphs.items():
        with refused(path, line_of(text, ["graphs", name])):
            latency = Latency(**graph.model_dump(), n=result.n, warmup=result.warmup)
            yield _measurement(result, bundle.subject(name), latency, path, None, made_as)


def _measurement(
    result: _Run, subject: Subject, latency: Latency, path: Path, thermal: Thermal | None, made_as: NumberFormat | None
) -> Measurement:
    """`thermal` is the state when this very subject was timed, `made_as` the precision of its artefact, if known."""
    states = result.thermal
    notes = (
        f"{states.start} at the start" if states.start != states.end and states.start and states.end else "",
        "stopped early" if result.stopped else "",
        "" if result.selftest is None or result.selftest.passed else SELF_TEST_FAILED,
    )
    return Measurement(
        device=ran_on(result),
        subject=subject,
        conditions=Conditions(
            runtime=result.backend,
            unit=result.compute_unit,
            precision=result.precision or made_as,
            runtime_version=result.backend_version,
            delegate=result.delegate,
            os=result.device.os,
            threads=result.threads,
            method=result.method,
        ),
        latency=latency,
        source=Source("reported", f"{result.method} {result.app_version}".strip() + f", {path.name}", LICENCE),
        thermal=thermal or states.end or states.start,
        quality="suspect" if notes[-1] else None,
        measured_at=result.started_at,
        note="; ".join(filter(None, notes)),
    )


def _text(path: Path) -> str:
    """Raises `ImportRefused` for a file that is larger than any result."""
    with path.open("rb") as file:
        content = file.read(RESULT_BYTES + 1)
    if len(content) > RESULT_BYTES:
        raise ImportRefused(path, None, f"it has more than {RESULT_BYTES:,} bytes, as no result has")
    return content.decode("utf-8")


def _refusal(path: Path, text: str, error: ValidationError) -> ImportRefused:
    """The first thing that is wrong, with the line where its name stands last in the file's order."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        syntax = str(first["ctx"]["error"])
        found = [int(word) for word in syntax.split() if word.isdigit()]
        return ImportRefused(path, found[0] if found else None, f"it is no JSON: {syntax}")
    place = ".".join(map(str, first["loc"]))
    missing = f"it lacks {place}: docs/latency_import.md lists what a result needs"
    reason = missing if first["type"] == "missing" else f"{place}: {first['msg'].removeprefix('Value error, ')}"
    return ImportRefused(path, line_of(text, [str(name) for name in first["loc"]]), reason)


def line_of(text: str, names: list[str]) -> int | None:
    """The line on which the innermost of nested names stands; that of the last one found where it is missing."""
    position, line = 0, 1
    for name in names:
        found = text.find(f'"{name}"', position)
        if found < 0:
            break
        position, line = found, text.count("\n", 0, found) + 1
    return line
