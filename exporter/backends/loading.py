"""Loads an artefact that somebody else may have made: first what the file says of itself, then the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from exporter.backends.interface import Backend, NotExecutableError
from exporter.backends.runner import Runner
from exporter.manifest import TensorSpec


class LoadArtifact(Protocol):
    """Loads an artefact, here or in another process."""

    def __call__(
        self,
        format: Backend,
        path: Path,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        threads: int | None = None,
    ) -> Runner:
        """Raises `NotExecutableError` for what cannot run here, `BackendError` for another file than is declared."""


def load_checked(
    format: Backend,
    path: Path,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    threads: int | None = None,
) -> Runner:
    """Load an artefact into this process once its own description agrees with `inputs` and `outputs`.

    Raises `BackendError` where it does not, `NotExecutableError` for what cannot run here, and for a damaged file
    whatever its runtime raises.
    """
    structure = format.inspect(path, inputs, outputs)
    try:
        return format.load(path, threads)
    except NotExecutableError as reason:
        raise NotExecutableError(f"{reason} Structure: {structure}.") from reason
