"""`vitexport bench`: measure, and store what was measured in the latency database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporter.bench.kernel_artifacts import RUNTIMES
from exporter.bundle import Bundle
from exporter.cli.bench_elsewhere import Elsewhere, bench_adb, bench_pack, elsewhere_options
from exporter.cli.group import COMMANDS
from exporter.cli.options import formats_option, json_option, threads_option, verbose_option
from exporter.cli.progress import working
from exporter.cli.tables import print_json, print_line, print_table
from exporter.errors import VitexportError

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
    "--runtime", "runtimes", multiple=True, type=click.Choice(RUNTIMES), help="For --kernels. Repeatable. Default: all."
)
@click.option(
    "--minutes", type=click.FloatRange(0.1, 6000), default=45.0, show_default=True, help="For --kernels, in all."
)
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep kernels' artefacts in.")
@elsewhere_options
@threads_option
@click.option("--db", metavar="URL", help="The latency database. Default: the user's own.")
@json_option
@verbose_option
def bench(
    bundle: str | None, formats: Sequence[str], seconds: float, kernels: bool, runtimes: Sequence[str],
    minutes: float, cache: Path | None, elsewhere: Elsewhere, threads: int | None, db: str | None, as_json: bool,
    verbose: bool,
) -> None:  # fmt: skip
    """Check what goes with what, and measure."""
    if [bundle is not None, kernels, elsewhere.asked].count(True) != 1:
        raise click.UsageError("Pass either a BUNDLE to time, or --kernels, or --pack with or without --adb.")
    elsewhere.check()
    if elsewhere.asked and not elsewhere.adb:
        bench_pack(elsewhere, formats, as_json, verbose)
        return
    with _opened(db) as store:
        if elsewhere.adb:
            bench_adb(store, elsewhere, formats, threads or 1, as_json, verbose)
        elif kernels:
            _bench_kernels(store, runtimes or RUNTIMES, threads or 1, minutes, cache, db, as_json, verbose)
        else:
            _bench_bundle(store, Bundle.open(str(bundle)), formats, threads or _cores(), seconds, as_json, verbose)


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
    with working(verbose) as progress:
        from exporter.bench.artifacts import measurements_of, time_bundle

        timed = list(time_bundle(bundle, formats, threads, seconds, progress))
        store.add(measurements_of(bundle, timed, threads))
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
    return f"{facts['p50']:.3f}", f"{facts['p90']:.3f}", facts["n"], facts["quality"]


def _bench_kernels(
    store: Store, runtimes: Sequence[str], threads: int, minutes: float, cache: Path | None, db: str | None,
    as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    with working(verbose) as progress:
        from exporter.bench.host_table import measure_table

        found = [
            measure_table(store, runtime, threads, minutes / len(runtimes), cache, db, progress)
            for runtime in RUNTIMES
            if runtime in runtimes
        ]
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
    if any(one.swept.left for one in found):
        print_line("The same command goes on with what is left.")
