"""The command line: parse, call the API, print. Results go to stdout, progress and errors to stderr."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from typing import Any, NoReturn

import click

from device_profiles import UnknownDevice
from exporter.cli_prompts import mask_files, prompt_options, prompts_of
from exporter.errors import VerificationError, VitexportError
from exporter.interrupts import TERMINATED

EXIT_FAILED, EXIT_MISTAKE, EXIT_INTERRUPTED = 1, 2, 130


class DefaultCommand(click.Group):
    """A group in which a line that names no command is an `export`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags = next((index for index, argument in enumerate(args) if not argument.startswith("-")), 0)
        if args and args[flags] in self.commands:
            args = [args[flags], *args[:flags], *args[flags + 1 :]]
        if args and args[0] not in (*self.commands, *ctx.help_option_names, "--version"):
            meant = get_close_matches(args[0], self.commands, n=1, cutoff=0.75)
            if meant:
                raise click.UsageError(f"There is no command or model {args[0]!r}; did you mean {meant[0]!r}?")
            args = ["export", *args]
        return super().parse_args(ctx, args)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
verbose_option = click.option("--verbose", is_flag=True, help="Show what the toolchains print.")


@click.group(cls=DefaultCommand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vitexport")
def cli() -> None:
    """Vision transformers to phones: export, verify, run.

    `vitexport MODEL --target DEVICE` is short for `vitexport export MODEL --target DEVICE`.
    """


@cli.command()
@click.argument("model")
@click.option("--target", default="host", show_default=True, help="A device of `vitexport devices`, or host.")
@click.option("--format", "formats", multiple=True, metavar="FORMAT",
              help="coreml, executorch, tflite, onnx, coreai or all (all but coreai); repeatable. "
                   "Default: what suits the target.")  # fmt: skip
@click.option("--precision", type=click.Choice(["fp32", "fp16"]), help="Default: fp16 for Core ML, fp32 elsewhere.")
@click.option("--weights", default="auto", show_default=True, metavar="auto|required|random|FILE",
              help="auto: local cache, then hub, then seeded weights.")  # fmt: skip
@click.option("--image-size", type=int, metavar="PIXELS", help="Default: what the weights were trained at.")
@click.option("--num-classes", type=int, default=1000, show_default=True)
@click.option("--min-os", metavar="IOS", help="Oldest iOS that the Core ML program must load on, such as 17.")
@click.option("--delegate", metavar="NAME", help="ExecuTorch delegate: xnnpack (default) or coreml.")
@click.option("--out", default=".", show_default=True, metavar="FOLDER", help="Where the bundle's folder is made.")
@json_option
@verbose_option
def export(
    model: str, target: str, formats: tuple[str, ...], precision: Any, weights: str, image_size: int | None,
    num_classes: int, min_os: str | None, delegate: str | None, out: str, as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """Export MODEL to a verified bundle (the default command)."""
    from exporter import terminal
    from exporter.models.registry import model_info

    model_info(model)  # a misspelt name is reported before torch is imported
    min_ios = _ios_version(min_os)
    with _working(verbose) as progress:
        from exporter import pipeline

        bundle = pipeline.export(
            model,
            target,
            formats or None,
            precision,
            weights,
            image_size,
            num_classes,
            min_ios,
            delegate,
            out,
            progress,
        )
    if as_json:
        terminal.print_json({"path": str(bundle.path), "manifest": bundle.manifest.model_dump(mode="json")})
    else:
        terminal.print_bundle(bundle)


@cli.command()
@click.argument("pattern", default="*")
@json_option
def models(pattern: str, as_json: bool) -> None:
    """List models, or those that match PATTERN."""
    from exporter import terminal
    from exporter.models.registry import list_models, model_info

    names = list_models(pattern if set(pattern) & set("*?[") else f"*{pattern}*")
    found = [model_info(name) for name in names or [pattern]]
    if as_json:
        terminal.print_json([vars(info) | {"family": info.family.name, "hub_id": info.hub_id} for info in found])
        return
    terminal.print_table(
        ("model", "parameters>", "GMACs>", "image>", "top-1 (timm)>", "weights", "paper"),
        (
            (m.name, f"{m.parameters / 1e6:.2f} M", f"{m.gmacs:.2f}", m.image_size,
             f"{m.top1:.1f} %" if m.top1 else "–", m.hub_id,
             m.family.paper)
            for m in found
        ),
    )  # fmt: skip


@cli.command()
@click.argument("device", required=False)
@json_option
def devices(device: str | None, as_json: bool) -> None:
    """List devices, or all facts about DEVICE."""
    import device_profiles
    from exporter import terminal

    if device is not None:
        profile = device_profiles.load(device)
        terminal.print_json(profile.model_dump(mode="json")) if as_json else terminal.print_device(profile)
        return
    profiles = device_profiles.all_devices()
    if as_json:
        terminal.print_json([profile.model_dump(mode="json") for profile in profiles])
    else:
        terminal.print_devices(profiles)


@cli.command()
@click.option("--explain", "bundle", metavar="BUNDLE", help="What BUNDLE's delegates run, and what breaks them up.")
@json_option
def formats(bundle: str | None, as_json: bool) -> None:
    """List formats and their toolchains, or explain what became of a bundle's graphs in each."""
    from exporter import terminal
    from exporter.backends import FORMATS, backend, installed, toolchain_versions

    if bundle is not None:
        from exporter.bundle import Bundle

        artifacts = Bundle.open(bundle).manifest.artifacts
        if as_json:
            fields = {"format", "graph", "rewrites", "operators", "delegation"}
            terminal.print_json([artifact.model_dump(mode="json", include=fields) for artifact in artifacts])
        else:
            terminal.print_delegation(artifacts)
        return
    rows = []
    for name in FORMATS:
        module = backend(name)
        rows.append(
            {
                "format": name,
                "file": f".{module.EXTENSION}",
                "precisions": list(module.PRECISIONS),
                "delegates": list(module.DELEGATES),
                "runs_here_by": module.RUNTIME,
                "toolchain": toolchain_versions(module) if installed(module) else None,
                "install": f"pip install 'vitexport[{module.EXTRA}]'",
            }
        )
    terminal.print_json(rows) if as_json else terminal.print_formats(rows)


@cli.command()
@click.argument("bundle")
@click.option("--against", metavar="OLD", help="An earlier bundle of the model, than which BUNDLE must be no worse.")
@click.option("--explain", is_flag=True, help="Find the first operation at which a failed artefact leaves PyTorch.")
@click.option("--weights", metavar="FILE", help="For --explain: the checkpoint, if BUNDLE was made from a file.")
@click.option(
    "--arch",
    type=click.Choice(["arm64"]),
    help="Run TFLite and ONNX with the runtimes' arm64 builds; needs qemu-user-static.",
)
@click.option(
    "--gpu", is_flag=True, help="Run TFLite with LiteRT's GPU delegate; needs a Vulkan driver, such as Chromium's."
)
@json_option
@verbose_option
def verify(
    bundle: str,
    against: str | None,
    explain: bool,
    weights: str | None,
    arch: str | None,
    gpu: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Run every artefact of BUNDLE again, from disk."""
    from exporter import terminal
    from exporter.bundle import Bundle
    from exporter.regression import compare_bundles, refuse_incomparable
    from exporter.verdict import verdict

    if weights is not None and not explain:
        raise click.UsageError("--weights is for --explain: add it.")
    if arch is not None:
        if against is not None or explain:
            raise click.UsageError("--arch goes with neither --against nor --explain: leave them out.")
        if gpu:
            raise click.UsageError("--gpu and --arch are other machines: leave one of them out.")
        _verify_on_arm64(bundle, as_json, verbose)
        return
    if gpu:
        if against is not None or explain:
            raise click.UsageError("--gpu goes with neither --against nor --explain: leave them out.")
        _verify_on_gpu(bundle, as_json, verbose)
        return
    opened, old = Bundle.open(bundle), Bundle.open(against) if against is not None else None
    if old is not None:
        old.check()
        refuse_incomparable(opened.manifest, old.manifest)
    with _working(verbose) as progress:
        from exporter.rollout import roll_out_bundle
        from exporter.verify import verify_bundle

        known = None
        if explain:
            from exporter.explain import explain_bundle, reference

            known = reference(opened, weights)  # what cannot be explained is said before the work begins
        checked = verify_bundle(opened, progress)
        rollouts = roll_out_bundle(opened, checked, progress)
        explained = explain_bundle(opened, checked, known, progress) if known is not None else None
    measured = opened.manifest.measured_again([verification for _, verification in checked], rollouts)
    whole = verdict(measured)
    regression = compare_bundles(measured, old.manifest) if old is not None else None
    if as_json:
        artifacts = [{"format": a.format, "graph": a.graph, **a.verification.model_dump()} for a in measured.artifacts]
        terminal.print_json(
            {
                "verdict": whole,
                "artifacts": artifacts,
                "rollouts": [rollout.model_dump() for rollout in rollouts],
                "explained": explained,
                "regression": regression and {**vars(regression), "worse": regression.worse},
            }
        )
    else:
        terminal.print_verdicts(measured.artifacts)
        terminal.print_parity(measured.artifacts)
        terminal.print_rollouts(measured.rollouts)
        terminal.print_verdict(whole)
        if explained is not None:
            terminal.print_explained(explained, [rollout for rollout in rollouts if rollout.status == "failed"])
        if regression is not None and against is not None:
            terminal.print_regression(regression, bundle, against)
    if whole.outcome == "failed" or (regression is not None and regression.worse):
        sys.exit(EXIT_FAILED)


def _verify_on_arm64(bundle: str, as_json: bool, verbose: bool) -> None:
    from exporter import terminal
    from exporter.bundle import Bundle

    opened = Bundle.open(bundle)
    with _working(verbose) as progress:
        from exporter.arm64.verify import verify_bundle_on_arm64

        found = verify_bundle_on_arm64(opened, progress)
    if as_json:
        terminal.print_json({"verdict": found.verdict, **found.model_dump()})
    else:
        terminal.print_arm64(found)
    if found.verdict.outcome == "failed":
        sys.exit(EXIT_FAILED)


def _verify_on_gpu(bundle: str, as_json: bool, verbose: bool) -> None:
    from exporter import terminal
    from exporter.bundle import Bundle

    opened = Bundle.open(bundle)
    with _working(verbose) as progress:
        from exporter.litert_gpu.verify import verify_bundle_on_gpu

        found = verify_bundle_on_gpu(opened, progress)
    if as_json:
        terminal.print_json({"verdict": found.verdict, **found.model_dump()})
    else:
        terminal.print_gpu(found)
    if found.verdict.outcome == "failed":
        sys.exit(EXIT_FAILED)


@cli.command()
@click.argument("subject", metavar="MODEL|BUNDLE")
@click.option("--target", help="A device of `vitexport devices`. Default: host, or what BUNDLE is for.")
@click.option("--format", "formats", multiple=True, metavar="FORMAT", help="For MODEL; as for an export.")
@click.option("--precision", type=click.Choice(["fp32", "fp16"]), help="For MODEL; as for an export.")
@click.option("--image-size", type=int, metavar="PIXELS", help="For MODEL; as for an export.")
@click.option("--min-os", metavar="IOS", help="For MODEL; as for an export.")
@json_option
@verbose_option
def lint(
    subject: str,
    target: str | None,
    formats: tuple[str, ...],
    precision: Any,
    image_size: int | None,
    min_os: str | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Look for what may go wrong on the device, in MODEL's programs or in all of BUNDLE; runs nothing.

    Exits 1 if something fails there, or would be computed wrongly.
    """
    from exporter import terminal
    from exporter.bundle import Bundle, is_bundle

    opened = Bundle.open(subject) if is_bundle(subject) else None
    asked = {"--format": formats, "--precision": precision, "--image-size": image_size, "--min-os": min_os}
    if opened is not None and (given := [option for option, value in asked.items() if value]):
        raise click.UsageError(
            f"{' and '.join(given)} would be for an export, and {subject} is a bundle: leave it out."
        )
    if opened is None:
        from exporter.models.registry import model_info

        model_info(subject)
    with _working(verbose) as progress:
        from exporter.lint.model_or_bundle import lint_bundle, lint_model

        found = (
            lint_bundle(opened, target, progress)
            if opened is not None
            else lint_model(
                subject, target or "host", formats or None, precision, image_size, _ios_version(min_os), progress
            )
        )
    if as_json:
        terminal.print_json([finding.model_dump(mode="json") for finding in found])
    else:
        terminal.print_findings(found)
        terminal.print_lint_verdict(found, whole=opened is not None)
    if any(finding.severity == "error" for finding in found):
        sys.exit(EXIT_FAILED)


@cli.command()
@click.argument("bundle")
@click.argument("image")
@prompt_options
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT", help="Default: every one that runs here, but coreai."
)
@click.option("--threads", type=click.IntRange(1), help="Threads of the runtime. Default: one for each core.")
@click.option(
    "--out", metavar="FILE.png", help="The photo with masks, from a tracker. Default: IMAGE-masked.png, here."
)
@json_option
@verbose_option
@click.pass_context
def run(
    ctx: click.Context,
    bundle: str,
    image: str,
    formats: tuple[str, ...],
    threads: int | None,
    out: str | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Classify IMAGE with the artefacts of BUNDLE, or, with a tracker, find what a prompt points at."""
    from exporter import terminal
    from exporter.bundle import Bundle

    opened = Bundle.open(bundle)
    opened.check()
    prompts = prompts_of(ctx)
    if opened.manifest.task == "track":
        with _working(verbose):
            from exporter.segment import segment_photo

            found = segment_photo(opened, image, prompts, list(formats) or None, threads, out, mask_files(ctx))
        terminal.print_json(found) if as_json else terminal.print_segmented(found)
        return
    if prompts or out:
        raise click.UsageError(f"{bundle} holds a classifier, which takes no prompts and writes no picture.")
    with _working(verbose):
        from exporter.classify import classify_photo

        answers = classify_photo(opened, image, list(formats) or None, threads)
    if as_json:
        terminal.print_json({"trained": opened.manifest.weights.trained, "predictions": answers})
    else:
        terminal.print_predictions(answers, opened.manifest.weights.trained)


@cli.command()
@click.argument("bundle")
@click.argument("video")
@prompt_options
@click.option("--start", type=click.IntRange(0), default=0, show_default=True, metavar="FRAME",
              help="The frame that the prompts are for; what is before it is left out.")  # fmt: skip
@click.option("--format", metavar="FORMAT", help="Default: the first that runs here.")
@click.option("--threads", type=click.IntRange(1), help="Threads of the runtime. Default: one for each core.")
@click.option("--out", default="tracked.mp4", show_default=True, metavar="FILE.mp4",
              help="The video; masks and a contact sheet as PNG, and figures as JSON, go beside it.")  # fmt: skip
@json_option
@verbose_option
@click.pass_context
def track(
    ctx: click.Context,
    bundle: str,
    video: str,
    start: int,
    format: str | None,
    threads: int | None,
    out: str,
    as_json: bool,
    verbose: bool,
) -> None:
    """Follow objects through VIDEO, a file or a folder of frames, with the artefacts of BUNDLE."""
    from exporter import terminal
    from exporter.bundle import Bundle

    opened = Bundle.open(bundle)
    opened.check()
    prompts = prompts_of(ctx)
    with _working(verbose) as progress:
        from exporter.tracked import track_file

        tracked = track_file(opened, video, prompts, out, start, format, threads, progress, mask_files(ctx))
    terminal.print_json(tracked) if as_json else terminal.print_tracked(tracked)


def main() -> NoReturn:
    """Entry point: every mistake becomes one line and exit code 2, a failed verification exit code 1."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = cli(sys.argv[1:] or ["--help"], standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message(), EXIT_MISTAKE)
    except (KeyboardInterrupt, click.Abort):
        _fail("Interrupted; nothing was left behind.", EXIT_INTERRUPTED)
    except VerificationError as error:
        _fail(str(error), EXIT_FAILED)
    except (VitexportError, UnknownDevice) as error:
        _fail(str(error), EXIT_MISTAKE)
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed, and this needs it: pip install 'vitexport[all]'.", EXIT_MISTAKE)
    except BrokenPipeError:
        sys.exit(EXIT_MISTAKE)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(f"{error.strerror or error}{where}; nothing was left behind.", EXIT_MISTAKE)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"vitexport: {message}", err=True)
    sys.exit(code)


def _terminate(*_: object) -> NoReturn:
    # Raised as an exception, so that what is half-written is removed on the way out.
    sys.exit(TERMINATED)


def _ios_version(text: str | None) -> int | None:
    """17 from "17", "iOS17" or "17.0"."""
    if text is None:
        return None
    match = re.fullmatch(r"(?:ios)?\s*(\d+)(?:\.\d+)*", text.strip(), re.IGNORECASE)
    if match is None:
        raise click.UsageError(f"--min-os takes an iOS version such as 17, not {text!r}.")
    return int(match.group(1))


@contextmanager
def _working(verbose: bool) -> Iterator[Callable[[str, float], None]]:
    """Work with a progress bar and, unless `verbose`, without the toolchains' own output."""
    from exporter.interrupts import heeded
    from exporter.terminal import progress_bar
    from exporter.toolchain_noise import hidden

    with (
        nullcontext(sys.stderr) if verbose else hidden() as stream,
        progress_bar(stream) as progress,
        heeded() as heed,
    ):

        def step(what: str, share: float) -> None:
            heed()
            progress(what, share)

        yield step
