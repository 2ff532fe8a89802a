"""`vitexport advise`: which device, format, precision and size keep up with so many frames a second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from exporter.cli.collected_warnings import collected_warnings
from exporter.cli.group import COMMANDS
from exporter.cli.options import db_option, formats_option, json_option, precisions_option, refuse_bundle
from exporter.cli.tables import BAD, GOOD, UNKNOWN, first_few, print_json, print_line, print_table
from exporter.latency.advice import Compared, advice
from exporter.models.registry import ModelInfo, model_info
from exporter.verify.figures import ms_text

if TYPE_CHECKING:
    from device_profiles.vocabulary import Precision
    from latency_db.estimator.advise import Advice, Advised


@click.command(help=COMMANDS["advise"])
@click.argument("model", callback=refuse_bundle)
@click.option("--fps", type=float, required=True, help="Frames, or images, a second.")
@click.option("--target", "targets", multiple=True, help="A device of `vitexport devices`. Repeatable. Default: all.")
@formats_option("Repeatable. Default: those that each device prefers.")
@precisions_option("Default: each format's own.")
@click.option(
    "--size", "--image-size", "sizes", type=int, multiple=True, metavar="PIXELS",
    help="Repeatable. Default: common ones.",
)  # fmt: skip
@db_option
@json_option
def advise(
    model: str, fps: float, targets: tuple[str, ...], formats: tuple[str, ...], precisions: tuple[Precision, ...],
    sizes: tuple[int, ...], url: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask, and print the answer."""
    with collected_warnings():
        compared = advice(model, fps, targets=targets, formats=formats, precisions=precisions, sizes=sizes, url=url)
    info, found = model_info(model), compared.advised
    if as_json:
        unknown = {"unknown": found.unknown, "unknown_devices": compared.unknown_devices}
        by_vendors = {"by_vendors": rows(compared.by_vendors)}
        print_json({"model": info.name, "fps": fps, "rows": rows(found), **by_vendors, **unknown})
        return
    if found.rows:
        print_verdict(info, fps, compared)
        print_by_vendors(compared.by_vendors)
        print_line()
        print_rows(found.rows if targets else best_of_each(found.rows))
        print_line()
        if targets:
            print_reasons([row for row in found.rows if not row.vague] or found.rows)
            print_line()
        print_line(
            "In brackets: nine times in ten. Hardly known: the high is more than 20 times the low. Accuracy at sizes "
            "other than the weights' own was not measured. `vitexport latency MODEL --target DEVICE` says what a "
            "figure rests on."
        )
    if compared.unknown_devices:
        print_line(f"Nothing is known of {info.name} on {', '.join(compared.unknown_devices)}.", style=UNKNOWN)
    if targets:
        for reason in found.unknown:
            print_line(f"Left out: {reason}.", style=UNKNOWN)


def rows(found: Advised) -> list[dict[str, object]]:
    """As JSON has them."""
    return [
        {
            "device": row.device, "format": row.variant.format, "unit": row.variant.unit,
            "precision": row.variant.precision, "size": row.variant.size, "ms": row.estimate.ms,
            "low": row.estimate.low, "high": row.estimate.high, "fps": row.fps, "reaches": row.reaches,
            "surely": row.surely, "vague": row.vague, "method": row.estimate.method, "reason": row.estimate.reason,
        } for row in found.rows
    ]  # fmt: skip


def best_of_each(found: Sequence[Advice]) -> list[Advice]:
    """Of each device the row that comes first."""
    best: dict[str, Advice] = {}
    for row in found:
        best.setdefault(row.device, row)
    return list(best.values())


def print_verdict(info: ModelInfo, fps: float, compared: Compared) -> None:
    """On how many of the devices it is reached, and how; else what comes nearest. Something has to be known."""
    found, devices = compared.advised, compared.devices
    reaching, surely = ({row.device for row in found.rows if getattr(row, how)} for how in ("reaches", "surely"))
    asked = f"{fps:g} frames a second ({ms_text(1000 / fps)} ms each)"
    of = f"of {len(devices)} device{'s' * (len(devices) > 1)}"
    best = found.rows[0] if reaching else found.nearest
    assert best is not None
    if reaching:
        print_line(
            f"{info.name} is expected to reach {asked} on {len(reaching)} {of}, "
            f"on {len(surely)} with its whole interval.",
            style=GOOD if surely else UNKNOWN,
        )
    else:
        might = first_few([_figure(row, " might") for row in found.doubtful])
        doubt = f"; hardly known: {might}" if might else ""
        print_line(f"{info.name} is not expected to reach {asked} on any {of}{doubt}.", style=UNKNOWN if might else BAD)
    print_line(f"{'First' if reaching else 'Nearest'}: {_figure(best)}; {_basis(best)}.")


def print_by_vendors(found: Advised) -> None:
    """What keeps up with a delegate that a bundle does not have: of each device the first, in one line."""
    if reaching := best_of_each(found.reaching):
        print_line(
            "It is reached on an NPU with a delegate of the chip's vendor, which vitexport does not make: "
            f"{first_few([_figure(row) for row in reaching])}.",
            style=UNKNOWN,
        )


def print_reasons(found: Sequence[Advice]) -> None:
    """What each row rests on; those that rest on the same in one line."""
    sizes = defaultdict[tuple[str, str], list[int]](list)
    for row in found:
        sizes[_way(row), _basis(row)].append(row.variant.size)
    for (way, basis), of in sizes.items():
        print_line(f"{way} at {', '.join(map(str, sorted(of)))} px: {basis}.")


def print_rows(found: Sequence[Advice]) -> None:
    """One line each, in the order of the advice."""
    print_table(
        ("device", "format", "on", "precision", "px>", "ms>", "", "FPS>", "reaches it", "by"),
        (
            (
                row.device, row.variant.format, row.variant.unit, row.variant.precision, row.variant.size,
                ms_text(row.estimate.ms), f"({ms_text(row.estimate.low)} to {ms_text(row.estimate.high)})",
                f"{row.fps:.3g}", _reached(row), row.estimate.method,
            ) for row in found
        ),
    )  # fmt: skip


def _way(row: Advice) -> str:
    """Device, format, processor and precision, in words."""
    variant = row.variant
    processor = "" if variant.unit == "all" else f" on {variant.unit}"
    return f"{row.device}, {variant.format}{processor} in {variant.precision}"


def _figure(row: Advice, verb: str = "") -> str:
    """What it takes, and with which size of image, in words."""
    took = f"{ms_text(row.estimate.ms)} ms ({ms_text(row.estimate.low)} to {ms_text(row.estimate.high)})"
    return f"{_way(row)} at {row.variant.size} px{verb}: {took}"


def _basis(row: Advice) -> str:
    return f"{row.estimate.method}: {row.estimate.reason}"


def _reached(row: Advice) -> str:
    return "yes" if row.surely else "likely" if row.reaches else "hardly known" if row.vague else "no"
