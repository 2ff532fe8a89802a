"""The bundle on disk: open, check, run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_core import from_json

from exporter.backends.loading import LoadArtifact, load_checked
from exporter.budgets import THREADS
from exporter.contents import MANIFEST, check, read, survey
from exporter.errors import BackendError, BundleError, InputShapeError
from exporter.graphs.contradictions import contradiction
from exporter.manifest import SCHEMA_VERSION, Artifact, GraphEntry, Manifest, TensorSpec, Variant
from exporter.paths import check_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device_profiles.vocabulary import Precision
    from exporter.backends.runner import Runner
    from exporter.vectors import Shape


def is_bundle(path: str | Path) -> bool:
    """Whether a path is a bundle's folder rather than, say, a model's name."""
    return (Path(path) / MANIFEST).is_file()


class Bundle:
    """A bundle on disk. `open` reads its manifest; `check` compares its files with it."""

    def __init__(self, path: Path, manifest: Manifest, replaced: str | None = None) -> None:
        self.path, self.manifest = path, manifest
        self.replaced = replaced
        """When the bundle was made whose place this one has just taken; None if the place was free."""

    def __repr__(self) -> str:
        verdicts = ", ".join(
            f"{self.manifest.label(a.variant)} {a.verification.status}" for a in self.manifest.artifacts
        )
        return f"Bundle({str(self.path)!r}: {verdicts})"

    @classmethod
    def open(cls, path: str | Path) -> Bundle:
        """Read a bundle's manifest; raises `BundleError`."""
        path = Path(path)
        check_name(path, BundleError)
        if not is_bundle(path):
            raise BundleError(f"{path} is no bundle, because it has no {MANIFEST}; `vitexport MODEL` makes one.")
        manifest = _parsed(path / MANIFEST)
        if (problem := contradiction(manifest) or _unknown_variant(manifest)) is not None:
            raise BundleError(f"{path / MANIFEST} contradicts itself ({problem}); export the model again.")
        survey(path)
        return cls(path, manifest)

    def check(self) -> None:
        """Raise `BundleError` if a file is missing, altered or not listed; all of them are read."""
        check(self.path, self.manifest)

    def artifact(
        self, format: str, graph: str, precision: Precision | None = None, delegate: str | None = None
    ) -> Artifact:
        """The artefact of a graph in a format; where several fit what is asked for, the first. Raises `BundleError`."""
        for artifact in self.manifest.artifacts:
            if (artifact.format, artifact.graph) == (format, graph) and all(
                asked in (None, made)
                for asked, made in ((precision, artifact.precision), (delegate, artifact.delegate))
            ):
                return artifact
        asked = " ".join(filter(None, (format, precision, delegate)))
        made = ", ".join(map(self.manifest.label, self.manifest.variants))
        raise BundleError(f"{self.path} has no {graph!r} in {asked}; it has {made}.")

    def graph(self, name: str) -> GraphEntry:
        """The manifest's entry for a graph; raises `BundleError`."""
        for graph in self.manifest.graphs:
            if graph.name == name:
                return graph
        raise BundleError(
            f"{self.path} has no graph {name!r}; it has {', '.join(g.name for g in self.manifest.graphs)}."
        )

    def runner(
        self,
        format: str,
        graph: str,
        threads: int | None = None,
        precision: Precision | None = None,
        delegate: str | None = None,
        load: LoadArtifact = load_checked,
    ) -> Runner:
        """An artefact, loaded from disk: called with {input: array} it returns {output: array}, all float32.

        Where the bundle has several of the graph in the format, `precision` and `delegate` tell which is meant.
        `threads` None takes about one for each core. ExecuTorch's thread pool is process-wide: there the last
        value asked for holds for every runner. It runs in this process, unless `load` is that of another. Raises
        `BackendError` where nothing here runs the format, and, when called, `InputShapeError` for inputs that the graph
        does not take.
        """
        from exporter.backends import backend, toolchain_versions

        THREADS.check_option(threads, BackendError)
        artifact = self.artifact(format, graph, precision, delegate)
        toolchain_versions(backend(format))
        path = self.path / artifact.file
        return _CheckedRunner(load(backend(format), path, artifact.inputs, artifact.outputs, threads), artifact.inputs)

    def runners_of(
        self, variant: Variant, threads: int | None = None, load: LoadArtifact = load_checked
    ) -> dict[str, Runner]:
        """A runner of each graph in a variant, as of `runner`."""
        return {
            graph.name: self.runner(variant.format, graph.name, threads, variant.precision, variant.delegate, load)
            for graph in self.manifest.graphs
        }

    def runners(
        self,
        formats: Sequence[str] | None = None,
        threads: int | None = None,
        precisions: Sequence[Precision] | None = None,
        load: LoadArtifact = load_checked,
    ) -> Iterator[tuple[Variant, dict[str, Runner]]]:
        """(variant, runner of each graph) of all variants that this machine can run, interpreted ones last.

        With `formats` or `precisions` only those are run. A format that is made on request only is run on request, or
        where nothing else runs. One that is named and cannot be run raises `BackendError`; so does a bundle of which
        nothing can.
        """
        from exporter.backends import FORMATS, backend, installed
        from exporter.backends.interface import NotExecutableError

        ran = False
        for variant in self._wanted(formats, precisions):
            if ran and not formats and backend(variant.format).on_request:
                break
            try:
                runners = self.runners_of(variant, threads, load)
            except NotExecutableError:
                if formats:
                    raise
                continue
            ran = True
            yield variant, runners
        if not ran:
            missing = [name for name in self.manifest.formats if not installed(backend(name))]
            advice = (
                f"pip install 'vitexport[{backend(missing[0]).extra}]'"
                if missing
                else f"export it in one of {', '.join(FORMATS)} too"
            )
            raise BackendError(f"Nothing in {self.path} can run on this machine; {advice}.")

    def _wanted(self, formats: Sequence[str] | None, precisions: Sequence[Precision] | None) -> list[Variant]:
        """The variants that are asked for, in that order; raises `BundleError` for what the bundle lacks."""
        from exporter.backends import backend, installed

        made = self.manifest.variants
        asked = " or ".join(precisions or ())
        fitting = [one for one in made if not precisions or one.precision in precisions]
        if not fitting:
            there = ", ".join(dict.fromkeys(one.precision for one in made))
            raise BundleError(f"{self.path} has nothing in {asked}; it has {there}.")
        if formats:
            for name in formats:
                if name not in (one.format for one in fitting):
                    raise BundleError(
                        f"{self.path} has no {name}{f' in {asked}' if precisions else ''}; "
                        f"it has {', '.join(map(self.manifest.label, made))}."
                    )
            return [one for name in formats for one in fitting if one.format == name]
        usable = [one for one in fitting if installed(backend(one.format))]
        return sorted(usable, key=lambda one: (backend(one.format).on_request, backend(one.format).interpreted))

    def vectors(self, graph: str) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Conformance inputs and PyTorch's outputs by tensor name, stacked along the first axis.

        Raises `BundleError` where they cannot be read, and where there are none that fit the graph.
        """
        from exporter.vectors import read_vectors, shapes_of

        entry = self.graph(graph)
        return read_vectors(self.path / entry.vectors, shapes_of(_stacked(entry.inputs), _stacked(entry.outputs)))


def _parsed(file: Path) -> Manifest:
    """A manifest of this version; raises `BundleError`."""
    content = read(file)
    try:
        version = from_json(content)
        if isinstance(version, dict) and version.get("schema_version") != SCHEMA_VERSION:
            raise BundleError(
                f"{file} has schema version {version.get('schema_version')} and this vitexport reads "
                f"{SCHEMA_VERSION}; export the model again."
            )
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its beginning"
        raise BundleError(f"{file} is damaged at {where} ({first['msg']}); export the model again.") from error
    except ValueError as error:
        raise BundleError(f"{file} is damaged ({error}); export the model again.") from error


def _unknown_variant(manifest: Manifest) -> str | None:
    """The first variant that no format comes in, in words; None if there is none."""
    from exporter.backends import FORMATS, backend

    for variant in manifest.variants:
        record = backend(variant.format) if variant.format in FORMATS else None
        if (
            record is None
            or variant.precision not in record.precisions
            or variant.delegate not in (record.delegates or {None})
        ):
            return f"nothing is made in {variant}"
    return None


def _stacked(specs: Sequence[TensorSpec]) -> dict[str, Shape]:
    """The shapes that tensors of several runs have."""
    return {spec.name: ("runs", *spec.shape) for spec in specs}


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
