"""`vitexport bench`: measure, and store what was measured in the latency database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from exporter.bench.kernels.artifacts import RUNTIMES, runtimes_here
from exporter.budgets import THREADS
from exporter.bundle import Bundle
from exporter.cli.bench_elsewhere import Elsewhere, bench_adb, bench_pack, elsewhere_options
from exporter.cli.group import COMMANDS
from exporter.cli.options import db_option, formats_option, json_option, verbose_option, within
from exporter.cli.progress import working
from exporter.cli.tables import BAD, print_json, print_line, print_table
from exporter.errors import VitexportError
from latency_db.bundles import remember_bundle

if TYPE_CHECKING:
    from exporter.bench.artifacts import ArtifactTimed
    from latency_db.store.store import Store


@click.command(help=COMMANDS["bench"])
@click.argument("bundle", required=False)
@formats_option(
    "Time only the artefacts in FORMAT. Repeatable. Default: every one that runs here. Of a pack: its format."
)
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=3.0, show_default=True, help="For each artefact.")
@click.option("--kernels", is_flag=True, help="Time single kernels, for the estimates of `latency --target host`.")
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    type=click.Choice(RUNTIMES),
    help="For --kernels. Repeatable. Default: every one that is installed.",
)
@click.option(
    "--minutes", type=click.FloatRange(0.1, 6000), default=45.0, show_default=True, help="For --kernels, in all."
)
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep kernels' artefacts in.")
@elsewhere_options
@click.option(
    "--threads", type=int, callback=within(THREADS),
    help="Threads of the runtime. Default: one for each core; with --kernels and --adb one.",
)  # fmt: skip
@db_option
@json_option
@verbose_option
def bench(
    bundle: str | None, formats: Sequence[str], seconds: float, kernels: bool, runtimes: Sequence[str],
    minutes: float, cache: Path | None, elsewhere: Elsewhere, threads: int | None, url: str | None, as_json: bool,
    verbose: bool,
) -> None:  # fmt: skip
    """Check what goes with what, and measure."""
    if [bundle is not None, kernels, elsewhere.asked].count(True) != 1:
        raise click.UsageError("Pass either a BUNDLE to time, or --kernels, or --pack with or without --adb.")
    elsewhere.check()
    _refuse_idle("BUNDLE" if bundle is not None else "--kernels" if kernels else "--adb" if elsewhere.adb else "--pack")
    if elsewhere.asked and not elsewhere.adb:
        bench_pack(elsewhere, formats, as_json, verbose)
        return
    with _opened(url) as store:
        if elsewhere.adb:
            bench_adb(store, elsewhere, formats, threads or 1, as_json, verbose)
        elif kernels:
            _bench_kernels(store, runtimes, threads or 1, minutes, cache, url, as_json, verbose)
        else:
            _bench_bundle(store, Bundle.open(str(bundle)), formats, threads or _cores(), seconds, as_json, verbose)


_OF = {
    "formats": ("--format", "BUNDLE", "--pack", "--adb"),
    "seconds": ("--seconds", "BUNDLE"),
    "runtimes": ("--runtime", "--kernels"),
    "minutes": ("--minutes", "--kernels"),
    "cache": ("--cache", "--kernels"),
    "threads": ("--threads", "BUNDLE", "--kernels", "--adb"),
}
"""Parameter -> its option, and what it is for"""


def _refuse_idle(asked: str) -> None:
    """Raise `UsageError` for an option that would do nothing."""
    context = click.get_current_context()
    for name, (option, *uses) in _OF.items():
        if asked not in uses and context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is for {', '.join(uses)}: leave it out with {asked}.")


def _cores() -> int:
    from device_profiles.host import cores

    return cores()


def _opened(url: str | None) -> Store:
    from latency_db import store

    try:
        return store.open(url)
    except store.StoreError as error:
        raise VitexportError(str(error)) from error


def _bench_bundle(
    store: Store, bundle: Bundle, formats: Sequence[str], threads: int, seconds: float, as_json: bool, verbose: bool
) -> None:
    bundle.check()
    remember_bundle(bundle.path)
    with working(verbose) as progress:
        from exporter.bench.artifacts import measurement_of, time_bundle

        timed: list[ArtifactTimed] = []
        for one in time_bundle(bundle, formats, threads, seconds, progress):
            if one.times.samples is not None:
                store.add([measurement_of(bundle, one, threads)])
            timed.append(one)
    facts = [_facts(one) for one in timed]
    if as_json:
        print_json({"threads": threads, "artifacts": facts})
        return
    print_table(
        ("format", "graph", "precision", "p50, ms>", "p90, ms>", "runs>", "machine"),
        (
            (*(one[name] for name in ("format", "graph", "precision")), *_columns(one))
            for one in facts
        ),
    )  # fmt: skip
    print_line(
        f"{threads} thread{'s' if threads > 1 else ''}; {sum(one['p50'] is not None for one in facts)} rows stored."
    )


def _facts(one: ArtifactTimed) -> dict[str, object]:
    latency = one.times.samples.latency if one.times.samples else None
    return {
        "format": one.artifact.format,
        "graph": one.artifact.graph,
        "precision": one.artifact.precision,
        "delegate": one.artifact.delegate,
        "runtime": one.times.runtime,
        "p50": latency and latency.p50,
        "p90": latency and latency.p90,
        "n": latency and latency.n,
        "quality": one.times.quietness.quality if one.times.quietness else None,
        "error": one.times.error or None,
    }


def _columns(facts: dict[str, object]) -> tuple[object, ...]:
    if facts["p50"] is None:
        return "–", "–", "–", facts["error"]
    p90 = "–" if facts["p90"] is None else f"{facts['p90']:.3f}"
    return f"{facts['p50']:.3f}", p90, facts["n"], facts["quality"]


def _bench_kernels(
    store: Store, runtimes: Sequence[str], threads: int, minutes: float, cache: Path | None, url: str | None,
    as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    chosen = runtimes_here(runtimes)
    with working(verbose) as progress:
        from exporter.bench.host.table import measure_tables

        found = measure_tables(store, chosen, threads, minutes, cache, url, progress)
    if as_json:
        print_json({"threads": threads, "runtimes": found})
        return
    print_table(
        ("runtime", "kernels timed>", "known before>", "impossible>", "left>", "models>", "fit"),
        (
            (one.runtime, one.swept.timed, one.swept.known, one.swept.impossible, one.swept.left, one.models,
             one.fit or "–")
            for one in found
        ),
    )  # fmt: skip
    for one in found:
        for model, why in one.failed.items():
            print_line(f"{one.runtime}: {model} is left out: {why}", style=BAD)
    if any(one.swept.left for one in found):
        print_line("The same command goes on with what is left.")
