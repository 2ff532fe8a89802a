"""What the sample apps write after a benchmark: JSON of schema 1, a file a run, described in docs/latency_import.md.

Times are milliseconds. Only the graphs are imported: what a frame takes has the camera's time in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from device_profiles.vocabulary import Runtime
from latency_db.importers.devices import device
from latency_db.importers.refusal import ImportRefused, refused
from latency_db.measurement import Conditions, Latency, Measurement, NumberFormat, Source, Subject, Thermal, Unit

LICENCE = "the user's own"


class _Part(BaseModel):
    """Fields that are not named here are let through: apps of a later version may say more."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Phone(_Part):
    model: str = Field(min_length=1)
    os: str = ""
    soc: str = ""


class Graph(_Part):
    p50: float = Field(gt=0)
    p90: float | None = Field(None, gt=0)
    p99: float | None = Field(None, gt=0)
    mean: float | None = Field(None, gt=0)
    std: float | None = Field(None, ge=0)


class ThermalStates(_Part):
    start: Thermal | None = None
    end: Thermal | None = None


class SelfTest(_Part):
    passed: bool = Field(alias="pass")


class AppResult(_Part):
    """One run of a benchmark by an app."""

    schema_version: Literal[1] = Field(alias="schema")
    device: Phone
    app_version: str = ""
    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    backend: Runtime
    backend_version: str = ""
    compute_unit: Unit | None = None
    precision: NumberFormat | None = None
    threads: int | None = Field(None, ge=1)
    warmup: int | None = Field(None, ge=0)
    n: int | None = Field(None, ge=1)
    graphs: dict[str, Graph] = Field(min_length=1)
    thermal: ThermalStates = ThermalStates()
    selftest: SelfTest | None = None
    started_at: AwareDatetime | None = None


def read(path: Path) -> Iterator[Measurement]:
    """A measurement for each graph of a result. Raises `ImportRefused`."""
    text = path.read_text(encoding="utf-8")
    try:
        result = AppResult.model_validate_json(text)
    except ValidationError as error:
        raise _refusal(path, text, error) from None
    states = result.thermal
    notes = (
        f"{states.start} at the start" if states.start != states.end and states.start and states.end else "",
        "" if result.selftest is None or result.selftest.passed else "its self-test failed",
    )
    for name, graph in result.graphs.items():
        with refused(path, _line_of(text, ["graphs", name])):
            yield Measurement(
                device=device(result.device.model, result.device.soc),
                subject=Subject.of_graph(result.manifest_sha256, name),
                conditions=Conditions(
                    runtime=result.backend,
                    unit=result.compute_unit,
                    precision=result.precision,
                    runtime_version=result.backend_version,
                    os=result.device.os,
                    threads=result.threads,
                    method="app",
                ),
                latency=Latency(**graph.model_dump(), n=result.n, warmup=result.warmup),
                source=Source("reported", f"app {result.app_version}".strip() + f", {path.name}", LICENCE),
                thermal=states.end or states.start,
                quality="suspect" if notes[-1] else None,
                measured_at=result.started_at,
                note="; ".join(filter(None, notes)),
            )


def _refusal(path: Path, text: str, error: ValidationError) -> ImportRefused:
    """The first thing that is wrong, with the line where its name stands last in the file's order."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        syntax = str(first["ctx"]["error"])
        found = [int(word) for word in syntax.split() if word.isdigit()]
        return ImportRefused(path, found[0] if found else None, f"it is no JSON: {syntax}")
    place = ".".join(map(str, first["loc"]))
    return ImportRefused(path, _line_of(text, [str(name) for name in first["loc"]]), f"{place}: {first['msg']}")


def _line_of(text: str, names: list[str]) -> int | None:
    """The line on which the innermost of nested names stands; that of the last one found where it is missing."""
    position, line = 0, 1
    for name in names:
        found = text.find(f'"{name}"', position)
        if found < 0:
            break
        position, line = found, text.count("\n", 0, found) + 1
    return line
