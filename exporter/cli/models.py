"""`vitexport models`: what can be exported."""

from __future__ import annotations

import click

from exporter.cli.group import COMMANDS
from exporter.cli.options import json_option
from exporter.cli.tables import print_json, print_table
from exporter.models.registry import list_models, model_info


@click.command(help=COMMANDS["models"])
@click.argument("pattern", default="*")
@json_option
def models(pattern: str, as_json: bool) -> None:
    """One row of the registry a model; a pattern without wildcards is a part of the name."""
    names = list_models(pattern if set(pattern) & set("*?[") else f"*{pattern}*")
    found = [model_info(name) for name in names or [pattern]]
    if as_json:
        print_json(
            [
                vars(info) | {"family": info.family.name, "hub_id": None if info.shipped else info.hub_id}
                for info in found
            ]
        )
        return
    print_table(
        ("model", "parameters>", "GMACs>", "image>", "top-1 (timm)>", "weights", "paper"),
        (
            (
                info.name,
                f"{info.parameters / 1e6:.2f} M",
                f"{info.gmacs:.2f}",
                info.image_size,
                f"{info.top1:.1f} %" if info.top1 else "–",
                info.source if info.shipped else info.hub_id,
                info.family.paper,
            )
            for info in found
        ),
    )
