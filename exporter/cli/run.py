"""`vitexport run`: one picture through a bundle's artefacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from device_profiles.vocabulary import Precision
from exporter.bundle import Bundle
from exporter.cli.group import COMMANDS
from exporter.cli.options import formats_option, json_option, precisions_option, threads_option, verbose_option
from exporter.cli.progress import working
from exporter.cli.prompts import mask_files, prompt_options, prompts_of
from exporter.cli.tables import UNKNOWN, print_json, print_line, print_table
from exporter.errors import ImageError
from exporter.paths import check_output_file

if TYPE_CHECKING:
    from exporter.inference.classify import Prediction
    from exporter.inference.segment import Segmented


@click.command(help=COMMANDS["run"])
@click.argument("bundle")
@click.argument("image")
@prompt_options
@formats_option("Default: every one that runs here, but coreai.")
@precisions_option("Default: every one that the bundle has.")
@threads_option
@click.option(
    "--out", metavar="FILE.png", help="The photo with masks, from a tracker. Default: IMAGE-masked.png, here."
)
@json_option
@verbose_option
@click.pass_context
def run(
    ctx: click.Context, bundle: str, image: str, formats: tuple[str, ...], precisions: tuple[Precision, ...],
    threads: int | None, out: str | None, as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """What the bundle's model is for, with one picture."""
    if out is not None:
        check_output_file(out, ImageError)
    opened = Bundle.open(bundle)
    opened.check()
    prompts = prompts_of(ctx)
    if opened.manifest.model.task == "track":
        with working(verbose):
            from exporter.inference.segment import segment_photo

            found = segment_photo(
                opened, image, prompts, formats or None, threads, out, mask_files(ctx), precisions or None
            )
        print_json(found) if as_json else print_segmented(found)
        return
    if prompts or out:
        raise click.UsageError(f"{bundle} holds a classifier, which takes no prompts and writes no picture.")
    with working(verbose):
        from exporter.inference.classify import classify_photo

        answers = classify_photo(opened, image, formats or None, threads, precisions=precisions or None)
    trained = opened.manifest.weights.trained
    if as_json:
        print_json({"trained": trained, "predictions": answers})
        return
    print_predictions(answers)
    if not trained:
        print_line("UNTRAINED: the weights are seeded, so these classes mean nothing.", style=UNKNOWN)


def print_predictions(answers: Mapping[str, Sequence[Prediction]]) -> None:
    """The first variant's best classes, and what every variant makes of them."""
    first, *_ = answers.values()
    rows = []
    for prediction in first:
        by_format = [
            next((f"{p.probability:.1%}" for p in answer if p.index == prediction.index), "–")
            for answer in answers.values()
        ]
        rows.append((prediction.index, prediction.label or "", *by_format))
    print_table(("class>", "label", *(f"{name}>" for name in answers)), rows)


def print_segmented(found: Sequence[Segmented]) -> None:
    """What each variant makes of each object in a photo."""
    print_table(
        ("format", "object>", "pixels>", "predicted IoU>", "object score>"),
        ((one.format, one.object, one.area, f"{one.iou:.3f}", f"{one.object_score:.2f}") for one in found),
    )
    print_line(f"Picture  {found[0].picture}")
