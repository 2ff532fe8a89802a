"""The bundle: a directory of artefacts, and the manifest that tells an app everything about them.

The pydantic models below are the manifest's schema; docs/manifest.schema.json is generated from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exporter.errors import BundleError, InputShapeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.backends import Runner

SCHEMA_VERSION: Literal[1] = 1
MANIFEST = "manifest.json"
REPORT = "report.html"

Precision = Literal["fp32", "fp16"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorSpec(_Part):
    """An input or output of a graph."""

    name: str
    shape: tuple[int, ...]
    dtype: Literal["float32"]
    layout: str = Field(description="Names of the axes, for instance NCHW.")
    value_range: tuple[float, float] | None = Field(default=None, description="Least and greatest; null is unbounded.")
    meaning: str


class Model(_Part):
    typed_name: str = Field(description="The name as it was asked for.")
    name: str = Field(description="The registry's name of what was exported.")
    family: str
    paper: str
    image_size: int = Field(description="Side of the square input in pixels.")
    num_classes: int
    parameters: int


class Weights(_Part):
    kind: Literal["hub", "file", "seeded"]
    source: str = Field(description="Hub id, file name, or 'seeded'.")
    sha256: str
    trained: bool = Field(description="False for seeded weights: the outputs then mean nothing.")
    trained_at: int | None = Field(description="Image size in pixels the weights were trained at; null is unknown.")


class Target(_Part):
    id: str
    name: str
    platform: str


class Preprocessing(_Part):
    """How a photograph becomes the graph's input; normalisation is inside the graph and not listed."""

    resize: Literal["shorter_side_then_center_crop"]
    crop_pct: float = Field(description="Resize the shorter side to round-down(image_size / crop_pct), then crop.")
    interpolation: str


class Graph(_Part):
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    vectors: str = Field(description="Conformance vectors: inputs and PyTorch's outputs, relative to the bundle.")
    vectors_sha256: str


class Tolerance(_Part):
    """What an artefact may differ from PyTorch by and still pass."""

    relative: float = Field(description="Bound on max|a-b| / max|b| for every output over all vectors.")
    top1: float = Field(description="Least share of vectors with the same best class.")


class Parity(_Part):
    """One output against PyTorch over all vectors; null where a value was not finite."""

    max_abs: float | None
    relative: float | None
    top1: float = Field(description="Share of vectors with the same best class.")
    top5: float = Field(description="Mean share of the five best classes that both have.")
    per_vector: tuple[float | None, ...] = Field(description="max|a-b| / max|b|, one for each vector.")


class Verification(_Part):
    status: Literal["passed", "failed", "not executed"]
    runtime: str | None = Field(description="What ran the artefact from disk, with its version; null if nothing did.")
    tolerance: Tolerance
    vectors: int
    outputs: dict[str, Parity]
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class Delegation(_Part):
    """How much of a program runs in the accelerated backend."""

    delegate: str
    delegated_nodes: int
    other_nodes: int
    pieces: int

    @property
    def share(self) -> float:
        return self.delegated_nodes / max(1, self.delegated_nodes + self.other_nodes)


class Latency(_Part):
    ms: float
    low: float
    high: float
    source: str


class Artifact(_Part):
    format: str
    graph: str
    file: str
    sha256: str
    bytes: int
    precision: Precision
    toolchain: dict[str, str] = Field(description="Package versions that wrote it.")
    min_os: str | None
    compute_units: str | None
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    operators: dict[str, int] = Field(description="Operator census of the file; empty where the format hides it.")
    delegation: Delegation | None
    verification: Verification
    latency: Latency | None = None


class Manifest(_Part):
    schema_version: Literal[1] = SCHEMA_VERSION
    created: str = Field(description="ISO 8601, UTC.")
    generator: dict[str, str] = Field(description="Versions of vitexport and of what it ran on.")
    model: Model
    weights: Weights
    target: Target
    preprocessing: Preprocessing
    graphs: tuple[Graph, ...]
    artifacts: tuple[Artifact, ...]
    warnings: tuple[str, ...]

    @property
    def formats(self) -> list[str]:
        return list(dict.fromkeys(artifact.format for artifact in self.artifacts))


class Bundle:
    """A bundle on disk. `open` checks that the manifest is valid and its files are there."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest

    @classmethod
    def open(cls, path: str | Path) -> Bundle:
        """Read a bundle's manifest; raises `BundleError`."""
        path = Path(path)
        file = path / MANIFEST
        if not file.is_file():
            raise BundleError(f"{path} is no bundle, because it has no {MANIFEST}; `vitexport MODEL` makes one.")
        try:
            content = json.loads(file.read_bytes())
            if isinstance(content, dict) and content.get("schema_version") != SCHEMA_VERSION:
                raise BundleError(
                    f"{file} has schema version {content.get('schema_version')} and this vitexport reads "
                    f"{SCHEMA_VERSION}; export the model again."
                )
            return cls(path, Manifest.model_validate(content))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise BundleError(f"{file} is damaged at {where} ({first['msg']}); export the model again.") from error
        except ValueError as error:
            raise BundleError(f"{file} is damaged ({error}); export the model again.") from error

    def check(self) -> None:
        """Raise `BundleError` if a file is missing or is not the one the manifest was written for."""
        files = [(a.file, a.sha256) for a in self.manifest.artifacts]
        files += [(g.vectors, g.vectors_sha256) for g in self.manifest.graphs]
        for name, sha256 in files:
            if not (self.path / name).exists():
                raise BundleError(f"{self.path} lacks {name}; export the model again.")
            if digest(self.path / name) != sha256:
                raise BundleError(f"{self.path / name} was altered after export; export the model again.")

    def artifact(self, format: str, graph: str) -> Artifact:
        """The artefact of a graph in a format; raises `BundleError`."""
        for artifact in self.manifest.artifacts:
            if (artifact.format, artifact.graph) == (format, graph):
                return artifact
        raise BundleError(f"{self.path} has no {graph!r} in {format}; it has {', '.join(self.manifest.formats)}.")

    def graph(self, name: str) -> Graph:
        """The manifest's entry for a graph; raises `BundleError`."""
        for graph in self.manifest.graphs:
            if graph.name == name:
                return graph
        raise BundleError(
            f"{self.path} has no graph {name!r}; it has {', '.join(g.name for g in self.manifest.graphs)}."
        )

    def runner(self, format: str, graph: str, threads: int | None = None) -> Runner:
        """An artefact, loaded from disk: called with {input: array} it returns {output: array}, all float32.

        `threads` None leaves the choice to the runtime. ExecuTorch's thread pool is process-wide: there the last
        value asked for holds for every runner. Raises `BackendError` where nothing here runs the format, and, when
        called, `InputShapeError` for inputs that the graph does not take.
        """
        from exporter.backends import backend

        artifact = self.artifact(format, graph)
        return _CheckedRunner(backend(format).load(self.path / artifact.file, threads), artifact.inputs)

    def vectors(self, graph: str) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Conformance inputs and PyTorch's outputs by tensor name, stacked along the first axis."""
        return read_vectors(self.path / self.graph(graph).vectors)


class _CheckedRunner:
    """A runner that refuses inputs its graph does not take, in words, before the runtime does, in its own."""

    def __init__(self, runner: Runner, specs: tuple[TensorSpec, ...]) -> None:
        self._runner, self._shapes = runner, {spec.name: spec.shape for spec in specs}
        self.runtime = runner.runtime

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        given = {name: tuple(value.shape) for name, value in inputs.items()}
        if given != self._shapes:
            raise InputShapeError(f"The graph takes {self._shapes}, not {given}.")
        return self._runner({name: value.astype("float32", copy=False) for name, value in inputs.items()})


def write_vectors(path: Path, inputs: dict[str, NDArray[np.generic]], outputs: dict[str, NDArray[np.float32]]) -> None:
    """Write conformance vectors as safetensors; images are stored as the uint8 they are."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {f"input.{name}": value for name, value in inputs.items()}
    save_file(tensors | {f"output.{name}": value for name, value in outputs.items()}, path)


def read_vectors(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
    """Inverse of `write_vectors`, all in float32; raises `BundleError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"The conformance vectors {path} cannot be read: {error}.") from error

    def side(prefix: str) -> dict[str, NDArray[np.float32]]:
        return {
            key.removeprefix(prefix): value.astype("float32")
            for key, value in tensors.items()
            if key.startswith(prefix)
        }

    return side("input."), side("output.")


def digest(path: Path) -> str:
    """sha256 of a file, or of a directory's relative names and contents in sorted order."""
    sha256 = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            if path.is_dir():
                sha256.update(file.relative_to(path).as_posix().encode() + b"\0")
            with file.open("rb") as opened:
                sha256.update(hashlib.file_digest(opened, "sha256").digest())
    return sha256.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a directory."""
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent` to build a bundle in; it vanishes unless `publish` has moved it."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".vitexport-", dir=parent))
    folder.chmod(0o777 & ~_umask())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, destination: Path) -> None:
    """Move a finished bundle to its place; an older one there gives way only to a complete one.

    Raises `BundleError` if something else than a bundle stands there.
    """
    if destination.exists() and not (destination / MANIFEST).is_file():
        raise BundleError(f"{destination} exists and is no bundle; move it away or pass another --out.")
    with staging(destination.parent) as old:
        if destination.exists():
            destination.rename(old / "replaced")
        try:
            folder.rename(destination)
        except BaseException:
            if (old / "replaced").exists():
                (old / "replaced").rename(destination)
            raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def json_schema() -> str:
    """JSON Schema of the manifest, as kept in docs/manifest.schema.json."""
    return json.dumps(Manifest.model_json_schema(mode="serialization"), indent=2) + "\n"
