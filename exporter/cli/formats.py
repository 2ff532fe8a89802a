"""`vitexport formats`: what can be made here, and what became of a bundle's graphs in each format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from device_profiles.vocabulary import Precision
from exporter.backends import FORMATS, backend, installed, toolchain_versions
from exporter.bundle import Bundle
from exporter.cli.group import COMMANDS
from exporter.cli.options import json_option
from exporter.cli.tables import first_few, print_json, print_line, print_table
from exporter.manifest import Delegation, Manifest


@dataclass(frozen=True)
class FormatHere:
    """A format, and whether this machine can make and run it."""

    format: str
    file: str
    """Ending of its files"""
    precisions: tuple[Precision, ...]
    delegates: tuple[str, ...]
    runs_here_by: str
    toolchain: Mapping[str, str] | None
    """Distribution -> version; None if it is not installed"""
    install: str
    """The command that installs it"""

    @classmethod
    def of(cls, name: str) -> FormatHere:
        format = backend(name)
        return cls(
            name,
            f".{format.extension}",
            format.precisions,
            tuple(format.delegates),
            format.runtime,
            toolchain_versions(format) if installed(format) else None,
            f"pip install 'vitexport[{format.extra}]'",
        )


@click.command(help=COMMANDS["formats"])
@click.option("--explain", "bundle", metavar="BUNDLE", help="What BUNDLE's delegates run, and what breaks them up.")
@json_option
def formats(bundle: str | None, as_json: bool) -> None:
    """All formats in a table, or a bundle's artefacts with what their delegates run."""
    if bundle is not None:
        opened = Bundle.open(bundle)
        opened.check()
        manifest = opened.manifest
        if as_json:
            fields = {"format", "precision", "delegate", "graph", "rewrites", "operators", "delegation"}
            print_json([artifact.model_dump(mode="json", include=fields) for artifact in manifest.artifacts])
        else:
            print_delegation(manifest)
        return
    rows = [FormatHere.of(name) for name in FORMATS]
    print_json(rows) if as_json else print_formats(rows)


def print_formats(rows: Sequence[FormatHere]) -> None:
    """One row a format."""
    print_table(
        ("format", "file", "precisions", "runs here by", "toolchain"),
        (
            (
                row.format,
                row.file,
                ", ".join(row.precisions),
                row.runs_here_by,
                ", ".join(f"{name} {version}" for name, version in row.toolchain.items())
                if row.toolchain
                else f"not installed: {row.install}",
            )
            for row in rows
        ),
    )


def print_delegation(manifest: Manifest) -> None:
    """What each artefact's delegate runs, in how many pieces, and which operators broke it up, with their modules."""
    print_table(
        ("format", "graph", "operators>", "delegate", "of operators>", "of MACs>", "pieces>", "rewrites>"),
        (
            (
                manifest.label(artifact.variant),
                artifact.graph,
                sum(artifact.operators.values()),
                *_shares(artifact.delegation),
                len(artifact.rewrites),
            )
            for artifact in manifest.artifacts
        ),
    )
    for artifact in manifest.artifacts:
        if artifact.rewrites:
            label, passes = manifest.label(artifact.variant), ", ".join(artifact.rewrites)
            print_line()
            print_line(f"{label} {artifact.graph} was rewritten by {passes}.")
        if artifact.delegation is not None:
            _print_outside(artifact.delegation)


def _shares(delegation: Delegation | None) -> tuple[str, str, str, str]:
    """Delegate, share of operators and of multiply-accumulates, pieces."""
    if delegation is None:
        return "the runtime's choice", "–", "–", "–"
    return delegation.delegate, f"{delegation.operators:.1%}", f"{delegation.macs:.1%}", str(delegation.pieces)


def _print_outside(delegation: Delegation) -> None:
    """The operators that a delegate does not run."""
    if not delegation.outside:
        print_line(f"Nothing of it is left outside {delegation.delegate}.")
        return
    print_line(f"Outside {delegation.delegate}, where each call may end a delegated piece:")
    print_table(
        ("operator", "calls>", "M MACs>", "in modules"),
        (
            (outside.operator, outside.count, f"{outside.macs / 1e6:.1f}", first_few(outside.where))
            for outside in delegation.outside
        ),
    )
