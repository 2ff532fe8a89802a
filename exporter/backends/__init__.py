"""The formats by name. One module each: it lowers a graph to a file, and loads that file again to run it.

A toolchain is imported only inside its own module's functions, so that a missing one costs a format and not the
program.
"""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import cast

from exporter.backends.interface import Backend
from exporter.errors import BackendError, closest

FORMATS = ("coreml", "coreai", "executorch", "tflite", "onnx")


def backend(name: str) -> Backend:
    """The record of a format; raises `BackendError` for an unknown name."""
    if name not in FORMATS:
        raise BackendError(f"There is no format {name!r}; closest are {closest(name, FORMATS)}.")
    return cast(Backend, importlib.import_module(f"exporter.backends.{name}").BACKEND)


def all_formats() -> list[str]:
    """What "all" stands for: every format that is not made on request only."""
    return [name for name in FORMATS if not backend(name).on_request]


def toolchain_versions(format: Backend, delegate: str | None = None) -> dict[str, str]:
    """Installed versions of the format's toolchain; raises `BackendError` that says how to install what is missing."""
    versions = {}
    for distribution in (*format.toolchain, *(format.delegates[delegate] if delegate else ())):
        try:
            versions[distribution] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            raise BackendError(
                f"The format {format.name} needs {distribution}, which is not installed: "
                f"pip install 'vitexport[{format.extra}]'."
            ) from None
    return versions


def installed(format: Backend) -> bool:
    """Whether the format's toolchain is there."""
    try:
        return bool(toolchain_versions(format))
    except BackendError:
        return False
