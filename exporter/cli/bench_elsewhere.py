"""`vitexport bench --pack` and `--adb`: kernels to be timed on a phone, by hand or over adb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from exporter.cli.progress import working
from exporter.cli.tables import BAD, print_json, print_line
from exporter.errors import VitexportError
from latency_db.measurement import Unit

if TYPE_CHECKING:
    from exporter.bench.packs.pack import MadePack
    from exporter.bench.phone.run import TimedPack
    from latency_db.store.store import Store

SHOWN = 5
"""Kernels that failed, of which each has a line"""


@dataclass(frozen=True)
class Elsewhere:
    """What the command line says of measuring on another device."""

    pack: Path | None
    target: str | None
    unit: Unit | None
    count: int
    models: tuple[str, ...]
    adb: bool
    serial: str | None
    benchmark_model: Path | None

    @property
    def asked(self) -> bool:
        return self.adb or self.pack is not None

    def check(self) -> None:
        """Raise `UsageError` for options that would do nothing."""
        if not self.adb and (self.serial or self.benchmark_model):
            raise click.UsageError("--serial and --benchmark-model are for --adb: add it, or leave them out.")
        if not self.asked and (self.target or self.unit or self.models):
            raise click.UsageError(
                "--target, --unit and --model are for --pack and --adb: here this machine's CPU is timed."
            )


_OPTIONS = (
    click.option(
        "--pack", metavar="ZIP", type=click.Path(dir_okay=False, path_type=Path),
        help="Write kernels to be timed on a phone, or in a browser, into ZIP; with --adb, time those of ZIP.",
    ),
    click.option("--target", help="The phone, or browser, for --pack; with --adb, the id under which it is stored."),
    click.option(
        "--unit", type=click.Choice(get_args(Unit)),
        help="For --pack: where kernels run. Default: the CPU; Core ML's own choice, which is all.",
    ),
    click.option("--count", type=int, default=300, show_default=True, help="For --pack: how many kernels."),
    click.option(
        "--model", "models", multiple=True,
        help="For --pack: only the kernels of MODEL. Repeatable. Default: of all models.",
    ),
    click.option("--adb", is_flag=True, help="Time a pack on the Android device that is connected."),
    click.option("--serial", help="For --adb: which device, where several are connected."),
    click.option(
        "--benchmark-model", metavar="PROGRAM", type=click.Path(path_type=Path),
        help="For --adb: LiteRT's benchmark_model, as built for Android.",
    ),
)  # fmt: skip


def elsewhere_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options, and passes them as one `elsewhere`."""

    @wraps(command)
    def gathered(**options: Any) -> None:
        names = Elsewhere.__dataclass_fields__
        said = {name: options.pop(name) for name in names}
        command(elsewhere=Elsewhere(**said), **options)

    decorated: Callable[..., None] = gathered
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def bench_pack(said: Elsewhere, formats: Sequence[str], as_json: bool, verbose: bool) -> None:
    """Make a pack."""
    if len(formats) > 1:
        raise click.UsageError("A pack has one format: pass --format once.")
    if said.target is None:
        raise click.UsageError("--pack needs --target, the phone that it is for, or browser.")
    _print_made(_made(said, formats[0] if formats else None, verbose), as_json)


def bench_adb(
    store: Store, said: Elsewhere, formats: Sequence[str], threads: int, as_json: bool, verbose: bool
) -> None:
    """Time a pack on the device that is connected; it is made first where it is not there yet."""
    if said.pack is None or said.benchmark_model is None:
        raise click.UsageError("--adb needs --pack ZIP and --benchmark-model PROGRAM.")
    if said.unit in ("npu", "all") or set(formats) - {"tflite"}:
        raise click.UsageError("benchmark_model runs tflite on the cpu or the gpu: leave other formats and units out.")
    if not said.pack.exists():
        if said.target is None:
            raise click.UsageError(
                f"{said.pack} is not there: pass --target with the phone's id, and it is made first."
            )
        _made(said, "tflite", verbose)
    _time(store, said, threads, as_json, verbose)


def _made(said: Elsewhere, format: str | None, verbose: bool) -> MadePack:
    with working(verbose) as progress:
        from exporter.bench.packs.pack import PackRequest, make_pack

        request = PackRequest(
            out=cast(Path, said.pack),
            target=cast(str, said.target),
            format=format,
            unit=said.unit,
            count=said.count,
            models=said.models,
        )
        return make_pack(request, progress)


def _print_made(made: MadePack, as_json: bool) -> None:
    count = len(made.manifest.kernels)
    if as_json:
        print_json({"pack": str(made.path), "sha256": made.sha256, "kernels": count, "left_out": made.left_out})
        return
    _print_some(made.left_out)
    print_line(f"{made.path} has {count} kernels for {made.manifest.runtime}; its README.txt says how to time them.")


def _time(store: Store, said: Elsewhere, threads: int, as_json: bool, verbose: bool) -> None:
    with working(verbose) as progress:
        from exporter.bench.phone.benchmark_model import Settings
        from exporter.bench.phone.run import AdbRequest, import_result, time_pack

        asked = AdbRequest(
            cast(Path, said.pack),
            cast(Path, said.benchmark_model),
            Settings(threads),
            said.serial,
            said.target,
            said.unit,
        )
        timed = time_pack(asked, store, progress)
        stored = import_result(timed.result, store) if timed.result is not None else 0
    _print_timed(timed, stored, as_json)
    if timed.stopped is not None:
        kept = f"{stored} kernels that were timed before are stored" if stored else "nothing had been timed"
        raise VitexportError(f"{timed.stopped} {kept[0].upper()}{kept[1:]}; the same command goes on with the rest.")
    if timed.failed and not stored:
        raise VitexportError(f"No kernel gave a time; the first: {timed.failed[0]}")


def _print_timed(timed: TimedPack, stored: int, as_json: bool) -> None:
    result = str(timed.result) if timed.result is not None else None
    if as_json:
        facts = {"device": vars(timed.phone), "stored": stored, "known": timed.known, "result": result}
        print_json({**facts, "failed": timed.failed, "stopped": timed.stopped})
        return
    _print_some(timed.failed)
    phone = f"{timed.phone.model}, {timed.phone.soc}, {timed.phone.os}"
    if result is not None:
        print_line(f"{phone}: {stored} kernels stored, also in {result}.")
    if timed.known:
        print_line(f"{phone}: {timed.known} kernels had been timed before, and were not again.")


def _print_some(sentences: tuple[str, ...]) -> None:
    for sentence in sentences[:SHOWN]:
        print_line(sentence, style=BAD)
    if len(sentences) > SHOWN:
        print_line(f"… and {len(sentences) - SHOWN} kernels more.", style=BAD)
