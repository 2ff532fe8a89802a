"""What the sample apps write after a benchmark: JSON of schema 1, a file a run, described in docs/latency_import.md.

Times are milliseconds. Only the graphs are imported: what a frame takes has the camera's time in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latency_db.device_ids import device_id
from latency_db.importers.refusal import ImportRefused
from latency_db.measurement import Measurement


class _Part(BaseModel):
    """Fields that are not named here are let through: apps of a later version may say more."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Device(_Part):
    model: str = Field(min_length=1)
    os: str = ""
    soc: str = ""


class Graph(_Part):
    p50: float = Field(gt=0)
    p90: float | None = Field(None, gt=0)
    p99: float | None = Field(None, gt=0)
    mean: float | None = Field(None, gt=0)
    std: float | None = Field(None, ge=0)


class Thermal(_Part):
    start: str = ""
    end: str = ""


class SelfTest(_Part):
    passed: bool = Field(alias="pass")


class AppResult(_Part):
    """One run of a benchmark by an app."""

    schema_version: Literal[1] = Field(alias="schema")
    device: Device
    app_version: str = ""
    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    backend: str = Field(min_length=1)
    """Runtime: coreml, executorch, tflite, onnx"""
    backend_version: str = ""
    compute_unit: str = ""
    precision: str = ""
    threads: int | None = Field(None, ge=1)
    warmup: int | None = Field(None, ge=0)
    n: int | None = Field(None, ge=1)
    graphs: dict[str, Graph] = Field(min_length=1)
    thermal: Thermal = Thermal()
    selftest: SelfTest | None = None
    started_at: str = ""


def read(path: Path) -> Iterator[Measurement]:
    """A measurement for each graph of a result. Raises `ImportRefused`."""
    text = path.read_text(encoding="utf-8")
    try:
        result = AppResult.model_validate_json(text)
    except ValidationError as error:
        raise _refusal(path, text, error) from None
    for name, graph in result.graphs.items():
        yield Measurement(
            subject_kind="graph",
            subject=f"{result.manifest_sha256}/{name}",
            device=device_id(result.device.model),
            os=result.device.os,
            runtime=result.backend,
            runtime_version=result.backend_version,
            unit=result.compute_unit,
            precision=result.precision,
            threads=result.threads,
            cores="",
            method=f"app {result.app_version}".strip(),
            p50_ms=graph.p50,
            p90_ms=graph.p90,
            p99_ms=graph.p99,
            mean_ms=graph.mean,
            std_ms=graph.std,
            n=result.n,
            warmup=result.warmup,
            thermal=" to ".join(filter(None, dict.fromkeys((result.thermal.start, result.thermal.end)))),
            quality="" if result.selftest is None or result.selftest.passed else "self-test failed",
            measured_at=result.started_at,
            source_kind="reported by an app",
            reference=path.name,
            licence="the user's own",
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
