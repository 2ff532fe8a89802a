"""`vitexport export`, the default command: a model in, a verified bundle out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, get_args

import click

from device_profiles.vocabulary import Precision
from exporter.cli.group import COMMANDS
from exporter.cli.options import (
    formats_option,
    image_size_option,
    json_option,
    min_os_option,
    precisions_option,
    verbose_option,
)
from exporter.cli.progress import working
from exporter.cli.tables import (
    BAD,
    UNKNOWN,
    print_artifacts,
    print_compressions,
    print_json,
    print_line,
    print_rollouts,
    print_shortfalls,
    print_table,
    print_verdict,
)
from exporter.errors import BundleError
from exporter.exit_codes import FAILED
from exporter.lint.summary import counted
from exporter.paths import check_output_folder
from exporter.plan import ExportRequest, plan
from exporter.quantise.methods import Ranges
from exporter.verify.figures import ms_text
from exporter.verify.shortfalls import shortfalls
from exporter.verify.verdict import verdict

if TYPE_CHECKING:
    from exporter.bundle import Bundle
    from exporter.manifest import Manifest


@click.command(help=COMMANDS["export"])
@click.argument("model")
@click.option("--target", default="host", show_default=True, help="A device of `vitexport devices`, or host.")
@formats_option(
    "coreml, executorch, tflite, onnx, coreai or all (all that run there, but coreai); repeatable. "
    "Default: what suits the target."
)
@precisions_option("Default: fp16 for Core ML, fp32 elsewhere.")
@click.option("--weights", default="auto", show_default=True, metavar="auto|required|random|FILE",
              help="auto: local cache, then hub, then seeded weights.")  # fmt: skip
@image_size_option("Default: what the weights were trained at.")
@click.option(
    "--weights-key",
    metavar="NAME",
    help="Which weights of a FILE that holds several. Default: those that fit, and of two the averaged ones.",
)
@click.option(
    "--num-classes",
    type=int,
    metavar="COUNT",
    help="Classes of a classifier's head. Default: as many as the weights have.",
)
@click.option("--task", type=click.Choice(["classify", "multilabel"]),
              help="multilabel: each class is judged by itself, by a sigmoid.")  # fmt: skip
@min_os_option("Oldest iOS that the Core ML program must load on, such as 17.")
@click.option("--delegate", metavar="NAME", help="ExecuTorch delegate: xnnpack (default) or coreml.")
@click.option("--calibration", metavar="FOLDER",
              help="Pictures that ranges of activations are read off. Default: sample pictures.")  # fmt: skip
@click.option("--ranges", type=click.Choice(get_args(Ranges)),
              help="How ranges of activations are found; qhyvit fits weights too, and takes minutes. "
              "Default: what suits the format.")  # fmt: skip
@click.option("--least-sqnr", type=float, metavar="DB",
              help="Signal to noise that --precision mixed keeps, if it can. Default: 25.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 1 where fewer bits are slower, or too far from PyTorch.")
@click.option("--out", default=".", show_default=True, metavar="FOLDER", help="Where the bundle's folder is made.")
@click.option("--workers", type=int, metavar="COUNT",
              help="Processes that work side by side. Default: as many as cores and memory allow.")  # fmt: skip
@json_option
@verbose_option
def export(
    model: str, target: str, formats: tuple[str, ...], precisions: tuple[Precision, ...], weights: str,
    weights_key: str | None, image_size: int | None, num_classes: int | None,
    task: Literal["classify", "multilabel"] | None, min_ios: int | None, delegate: str | None,
    calibration: str | None, ranges: Ranges | None, least_sqnr: float | None, strict: bool, out: str,
    workers: int | None, as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """Make the bundle and print what is in it."""
    request = ExportRequest(
        model=model,
        target=target,
        formats=formats or None,
        precision=precisions or None,
        weights=weights,
        weights_key=weights_key,
        image_size=image_size,
        num_classes=num_classes,
        task=task,
        min_ios=min_ios,
        delegate=delegate,
        calibration=calibration,
        ranges=ranges,
        least_sqnr=least_sqnr,
        out=out,
        workers=workers,
    )
    plan(request)  # what cannot be done is said before torch is imported
    check_output_folder(out, BundleError)
    with working(verbose) as progress:
        from exporter import pipeline

        bundle = pipeline.export(request, progress=progress)
    if as_json:
        manifest = bundle.manifest.model_dump(mode="json")
        print_json({"path": str(bundle.path), "replaced": bundle.replaced, "manifest": manifest})
    else:
        print_bundle(bundle)
    if strict and shortfalls(bundle.manifest):
        sys.exit(FAILED)


def print_bundle(bundle: Bundle) -> None:
    """What an export made."""
    manifest = bundle.manifest
    model, weights = manifest.model, manifest.weights
    print_line(
        f"{model.name} at {model.image_size} px for {manifest.target.name}, "
        f"{model.parameters / 1e6:.2f} M parameters, weights: {weights.source}"
    )
    print_line()
    print_artifacts(manifest)
    print_rollouts(manifest)
    print_compressions(manifest)
    print_latencies(manifest)
    print_verdict(verdict(manifest))
    print_shortfalls(manifest)
    if manifest.findings:
        print_line(f"On the device: {counted(manifest.findings)}; `vitexport lint {bundle.path}` explains them.")
    for finding in manifest.findings:
        if finding.severity == "error":
            label = manifest.label(finding.variant)
            print_line(f"{label} {finding.graph}: {finding.detail}. {finding.reason}", style=BAD)
    print_line()
    if bundle.replaced is not None:
        print_line(f"It takes the place of the bundle that was made {bundle.replaced}.")
    for warning in manifest.warnings:
        print_line(warning, style=UNKNOWN)
    print_line(f"Bundle  {bundle.path}")
    print_line(f"Report  {bundle.path / 'report.html'}")


def print_latencies(manifest: Manifest) -> None:
    """What each variant is expected to take on the target; the report says why one is missing."""
    known = [(frame, frame.latency) for frame in manifest.latencies if frame.latency is not None]
    if not known:
        return
    print_line()
    print_table(
        ("format", "expected ms>", "nine times in ten", "by", f"on {manifest.target.name}"),
        (
            (
                manifest.label(frame.variant),
                ms_text(latency.ms),
                f"{ms_text(latency.low)} to {ms_text(latency.high)}",
                latency.method,
                " ".join(("any processor" if frame.unit == "all" else frame.unit, frame.cores)).strip(),
            )
            for frame, latency in known
        ),
    )
