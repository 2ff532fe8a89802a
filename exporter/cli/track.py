"""`vitexport track`: objects through a video with a tracker's artefacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from device_profiles.vocabulary import Precision
from exporter.backends import backend
from exporter.budgets import FRAMES
from exporter.bundle import Bundle
from exporter.cli.group import COMMANDS
from exporter.cli.options import json_option, precision_type, threads_option, verbose_option
from exporter.cli.progress import working
from exporter.cli.prompts import mask_files, prompt_options, prompts_of
from exporter.cli.tables import UNKNOWN, print_json, print_line, print_table
from exporter.errors import VideoError
from exporter.paths import check_output_file

if TYPE_CHECKING:
    from exporter.inference.track import Tracked


_PLACES = """Points, boxes and masks are in pixels of the video as a player shows it: turned upright, and stretched
where its pixels are not square. A mask may also have the size of a stored frame, turned upright."""


@click.command(help=COMMANDS["track"], epilog=_PLACES)
@click.argument("bundle")
@click.argument("video")
@prompt_options
@click.option("--start", type=click.IntRange(0, FRAMES.most), default=0, show_default=True, metavar="FRAME",
              help="The frame that the prompts are for; what is before it is left out.")  # fmt: skip
@click.option("--format", metavar="FORMAT", help="Default: the first that runs here.")
@click.option("--precision", type=precision_type, help="Default: the first that runs here.")
@threads_option
@click.option("--out", default="tracked.mp4", show_default=True, metavar="FILE.mp4",
              help="The video; masks and a contact sheet as PNG, and figures as JSON, go beside it.")  # fmt: skip
@json_option
@verbose_option
@click.pass_context
def track(
    ctx: click.Context, bundle: str, video: str, start: int, format: str | None, precision: Precision | None,
    threads: int | None, out: str, as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """Follow what the prompts point at, and print where the results are."""
    check_output_file(out, VideoError)
    opened = Bundle.open(bundle)
    opened.check()
    prompts = prompts_of(ctx)
    with working(verbose) as progress:
        from exporter.inference.track import track_file

        tracked = track_file(opened, video, prompts, out, start, format, threads, progress, mask_files(ctx), precision)
    print_json(tracked) if as_json else print_tracked(tracked)


def print_tracked(tracked: Tracked) -> None:
    """How fast each graph ran, and where the results are."""
    print_table(("graph", "ms (median)>"), ((graph, f"{ms:.1f}") for graph, ms in tracked.ms.items()))
    print_line()
    print_line(
        f"{tracked.frames} frames at {tracked.fps:.2f} frames a second, {tracked.format} by {tracked.runtime}, here."
    )
    if backend(tracked.format).interpreted:
        print_line("That is an interpreter: its times say nothing of the format.")
    if tracked.cut_short:
        print_line(f"CUT SHORT: {tracked.cut_short}", style=UNKNOWN)
    if not tracked.trained:
        print_line("UNTRAINED: the weights are seeded, so these masks mean nothing.", style=UNKNOWN)
    print_line(f"Video   {tracked.video}")
    print_line(f"Masks   {tracked.masks}")
    print_line(f"Sheet   {tracked.sheet}")
    print_line(f"Figures {tracked.figures}")
