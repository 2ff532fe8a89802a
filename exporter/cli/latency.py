"""`vitexport latency`: what a model is expected to take on a device, and where the figure comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args

import click

from device_profiles.vocabulary import ComputeUnit
from exporter.budgets import THREADS
from exporter.cli.collected_warnings import collected_warnings
from exporter.cli.group import COMMANDS
from exporter.cli.latency_import import import_latencies
from exporter.cli.options import db_option, json_option, precision_type, refuse_bundle, within
from exporter.cli.tables import BAD, print_json, print_line, print_table
from exporter.latency.question import Asked, answer, asked_about
from exporter.latency.spread import published
from exporter.latency.workloads import RUNTIMES
from exporter.verify.figures import ms_text
from latency_db.published.rows import PublishedRow

if TYPE_CHECKING:
    from latency_db.estimator.estimate import Estimate, KernelEstimate
    from latency_db.measurement import Conditions

LARGEST = 12
"""Kernels that get a line each"""


class Latency(click.Group):
    """A group in which a line that names no command asks for an estimate."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["estimate", *args])


@click.command(help=COMMANDS["latency"], epilog="`vitexport latency import FILE` adds latencies that you have.")
@click.argument("model", callback=refuse_bundle)
@click.option("--target", required=True, help="A device of `vitexport devices`.")
@click.option("--runtime", type=click.Choice(RUNTIMES), help="Default: the first format that the device prefers.")
@click.option(
    "--unit", type=click.Choice(get_args(ComputeUnit)), help="Default: the CPU; Core ML's and Core AI's own choice."
)
@click.option("--cores", default="", metavar="CORES", help="By tier: 1large, 4small or 1large2med. CPU only.")
@click.option(
    "--threads", type=int, callback=within(THREADS), help="Of the runtime. Default: as measured, else its own default."
)
@click.option("--precision", type=precision_type, help="Default: the format's own.")
@click.option(
    "--size", "--image-size", "size", type=int, metavar="PIXELS",
    help="Side of the image. Default: what the weights were trained at.",
)  # fmt: skip
@click.option("--spread", is_flag=True, help="Also every published latency of MODEL, on any device.")
@db_option
@json_option
def estimate(
    model: str, target: str, runtime: str | None, unit: str | None, cores: str, threads: int | None,
    precision: str | None, size: int | None, spread: bool, url: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask, and print the answer."""
    stated = {"unit": unit, "precision": precision, "cores": cores, "threads": threads}
    with collected_warnings():
        asked = asked_about(model, target, runtime=runtime, size=size, url=url, **stated)
        others = published(asked.info.name, url) if spread else None
    found = answer(asked)
    print_json(as_document(asked, found, others)) if as_json else print_answer(asked, found, others)


latency = Latency("latency", commands={"estimate": estimate, "import": import_latencies}, help=COMMANDS["latency"])


def as_document(asked: Asked, found: Estimate, others: Sequence[PublishedRow] | None) -> dict[str, object]:
    """An answer as JSON has it; kernels as often as `count` says, ms of one run."""
    conditions = found.conditions
    document: dict[str, object] = {
        "model": asked.info.name,
        "size": asked.size,
        "device": asked.device.id,
        "runtime": conditions.runtime,
        "unit": conditions.unit,
        "precision": conditions.precision,
        "cores": conditions.cores or None,
        "threads": conditions.threads,
        "ms": found.ms,
        "low": found.low,
        "high": found.high,
        "method": found.method,
        "reason": found.reason,
        "coverage": found.coverage,
        "kernels": [
            {
                "graph": one.graph, "kind": one.kernel.kind, "key": one.kernel.key, "count": one.count,
                "ms": one.ms, "low": one.low, "high": one.high, "method": one.method,
            } for one in found.kernels
        ],
        "rows": [asdict(row) for row in found.rows],
    }  # fmt: skip
    return document | ({} if others is None else {"spread": [asdict(row) for row in others]})


def print_answer(asked: Asked, found: Estimate, others: Sequence[PublishedRow] | None) -> None:
    """In words, then kernel by kernel, the costliest first; below, what others published."""
    conditions = found.conditions
    print_line(
        f"{asked.info.name} at {asked.size} px on {asked.device.name}: {conditions.runtime} in {conditions.precision} "
        f"on {processor(conditions)}"
    )
    print_line(f"{ms_text(found.ms)} ms, nine times in ten {ms_text(found.low)} to {ms_text(found.high)}", style="bold")
    print_line(f"{found.method.capitalize()}: {found.reason}.")
    print_line()
    print_kernels(found.kernels)
    if others is not None:
        print_line()
        print_published(others, asked.device.id)


def processor(conditions: Conditions) -> str:
    """Processor, cores and threads, in words."""
    unit = "whatever it chooses" if conditions.unit == "all" else f"the {str(conditions.unit).upper()}"
    threads = f"{conditions.threads} thread{'s' * (conditions.threads > 1)}" if conditions.threads else ""
    return ", ".join(filter(None, (unit, f"cores {conditions.cores}" if conditions.cores else "", threads)))


def print_kernels(kernels: Sequence[KernelEstimate]) -> None:
    """The costliest in a line each, the others in one."""
    ordered = sorted(kernels, key=lambda one: -one.ms * one.count)
    shown, rest = ordered[:LARGEST], ordered[LARGEST:]
    several = len({one.graph for one in kernels}) > 1
    rows = [
        (
            f"{one.graph}: {one.kernel.kind}" if several else one.kernel.kind,
            "+".join(one.kernel.operations),
            one.kernel.key.split(" ")[1].replace(">", " > "),
            one.count,
            ms_text(one.ms * one.count),
            one.method,
        )
        for one in shown
    ]
    if rest:
        runs = sum(one.count for one in rest)
        rows.append((f"{len(rest)} more", "", "", runs, ms_text(sum(one.ms * one.count for one in rest)), ""))
    print_table(("kernel", "computes", "reads > writes", "runs>", "ms>", "by"), rows)


def print_published(rows: Sequence[PublishedRow], device: str) -> None:
    """Every row, the device's own first, doubtful ones with what is doubtful, none averaged."""
    if not rows:
        print_line("No published latency of it is known.")
        return
    print_line(f"Published latencies of it, each as it stands ({len(rows)}):", style="bold")
    print_table(
        ("device", "ms>", "px>", "runtime", "on", "precision", "source", "doubt"),
        (
            (
                row.device, ms_text(row.ms), row.size or "?", " ".join(dict.fromkeys((row.runtime, row.backend))),
                row.unit or "?", row.precision or "?", row.reference, row.flag,
            ) for row in sorted(rows, key=lambda row: (row.device != device, row.device, row.ms))
        ),
    )  # fmt: skip
    for reason in dict.fromkeys(f"{row.flag}: {row.flag_reason}" for row in rows if row.flag):
        print_line(reason, style=BAD)
