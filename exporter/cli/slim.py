"""`vitexport slim`: a model cut to a device's budget, trained on, and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exporter.cli.group import COMMANDS
from exporter.cli.options import formats_option, image_size_option, json_option, verbose_option
from exporter.cli.progress import working
from exporter.cli.tables import print_json, print_line, print_table
from exporter.errors import BudgetError
from exporter.paths import check_output_folder
from exporter.verify.figures import ms_text

if TYPE_CHECKING:
    from exporter.slim.methods import PolicyName
    from exporter.slim.prices.table import Table
    from exporter.slim.result import Candidate, Slimmed


@click.command(help=COMMANDS["slim"])
@click.argument("model")
@click.option(
    "--target", "targets", multiple=True, default=("host",), show_default=True,
    help="A device of `vitexport devices`, or host. Repeatable: the slowest counts.",
)  # fmt: skip
@click.option(
    "--budget", "budgets", multiple=True, required=True, metavar="BUDGET",
    help="Such as 1.6ms, 0.5x of the model's own, 30fps, 2.5MB, 3M parameters or 0.2GMACs. Repeatable: all are met.",
)  # fmt: skip
@click.option(
    "--data", metavar="FOLDER|digits",
    help="A folder of pictures for each class, or scikit-learn's digits, the default. Trackers take none.",
)  # fmt: skip
@click.option(
    "--weights", metavar="FILE",
    help="A checkpoint to begin with. Default: a classifier is trained from scratch, a tracker has its own.",
)  # fmt: skip
@click.option(
    "--runtime",
    metavar="FORMAT",
    help="Runtime whose latencies count. Default: onnx on host, else what the device prefers.",
)
@formats_option("Of the bundle; repeatable. Default: what the device prefers, and what it is priced under.")
@click.option(
    "--policy", type=click.Choice(["importance", "efficiency"]),
    help="EfficientFormer's, or EfficientFormerV2's. Default: the model's own.",
)  # fmt: skip
@image_size_option("Default: 64 for digits, else what the model takes.")
@click.option(
    "--epochs", type=int,
    help="Turns through the data: of the model, the supernet and the slimmed model; a slimmed tracker follows for "
    "three times as many. Default: 10, of a tracker 60.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Two runs of one seed find the same.")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@click.option("--out", default=".", show_default=True, metavar="FOLDER", help="Where the run's folder is made.")
@json_option
@verbose_option
def slim(
    model: str, targets: tuple[str, ...], budgets: tuple[str, ...], data: str | None, weights: str | None,
    runtime: str | None, formats: tuple[str, ...], policy: PolicyName | None, image_size: int | None,
    epochs: int | None, seed: int, resume: bool, out: str, as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """Slim, a line a step, and print what came of it."""
    check_output_folder(out, BudgetError)
    with working(verbose) as progress:
        from exporter.slim.request import SlimRequest, settled
        from exporter.slim.run import run

        request = SlimRequest(
            *(model, budgets, targets, data, weights, runtime, formats or None, policy, image_size, epochs, seed),
            out=out,
            resume=resume,
        )
        found = run(settled(request), progress, lambda event: progress.say(str(event)))
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found)


def _print(found: Slimmed) -> None:
    print_line()
    devices = [f"{table.device} ({table.runtime})" for table in found.tables]
    measured = found.parent.measured_ms is not None
    columns = (
        "network",
        f"{found.measure}>",
        *(f"ms on {device}>" for device in devices),
        *(["measured ms>"] * measured),
    )
    print_table(columns, [_row(found, one) for one in (found.parent, found.searched, *found.baselines)])
    print_line()
    for table in found.tables:
        print_line(f"Prices of {table.device}: {table.provenance}.")
        counts = ", ".join(f"{count} {how}" for how, count in table.counts.items())
        wide = "" if table.low == table.high else f"; nine in ten {_interval(table)}"
        print_line(f"  Pieces: {counts}{wide}.")
    if found.skipped:
        count = len(found.skipped)
        were = "1 file was no picture and was" if count == 1 else f"{count} files were no pictures and were"
        print_line(f"{were} left out, such as {found.skipped[0]}")
    print_line(f"Checkpoint  {found.checkpoint}")
    print_line(f"Report      {found.page}")
    for bundle in found.bundles:
        print_line(f"Bundle      {bundle.path}")


def _row(found: Slimmed, one: Candidate) -> tuple[str, ...]:
    return (one.name, found.text(one.accuracy), *map(ms_text, one.predicted_ms), *_measured(one.measured_ms))


def _interval(table: Table) -> str:
    return f"networks take {table.low:.2f} to {table.high:.2f} times what it says"


def _measured(ms: float | None) -> tuple[str, ...]:
    return () if ms is None else (ms_text(ms),)


def _as_json(found: Slimmed) -> dict[str, object]:
    best, limit = found.searched, found.tightest
    return {
        "model": found.checkpoint.stem,
        "budgets": [
            {"what": limit.what, "most": limit.most, "found": limit.of(best.architecture)} for limit in found.limits
        ],
        "budget_ms": None if limit is None else limit.most,
        "predicted_ms": max(best.predicted_ms) if limit is None else limit.of(best.architecture),
        "measured_ms": best.measured_ms,
        "parent_ms": max(found.parent.predicted_ms) if limit is None else limit.of(found.parent.architecture),
        "parent_measured_ms": found.parent.measured_ms,
        "measure": found.measure,
        "accuracy": best.accuracy,
        "parent_accuracy": found.parent.accuracy,
        "baselines": [
            {
                "name": one.name,
                "accuracy": one.accuracy,
                "predicted_ms": max(one.predicted_ms),
                "measured_ms": one.measured_ms,
            }
            for one in found.baselines
        ],
        "steps": len(found.path.steps),
        "prices": [
            {
                "device": table.device,
                "runtime": table.runtime,
                "provenance": table.provenance,
                "low": table.low,
                "high": table.high,
                "pieces": table.counts,
            }
            for table in found.tables
        ],
        "skipped": list(found.skipped),
        "checkpoint": str(found.checkpoint),
        "report": str(found.page),
        "bundles": [str(bundle.path) for bundle in found.bundles],
    }
