"""`vitexport lint`: what may go wrong on the device, found without running anything."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

import click

from device_profiles.vocabulary import Precision
from exporter.bundle import Bundle, is_bundle
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
from exporter.cli.tables import COLOURS, GOOD, coloured, first_few, print_json, print_line
from exporter.exit_codes import FAILED
from exporter.lint.summary import by_rule, counted
from exporter.manifest import Finding, Variant, label_among
from exporter.plan import ExportRequest, plan

_EXIT_CODE = "Exits 1 if something fails there, or would be computed wrongly."
_AS_FOR_AN_EXPORT = "For MODEL; as for an export."


@click.command(help=f"{COMMANDS['lint']}\n\n{_EXIT_CODE}")
@click.argument("subject", metavar="MODEL|BUNDLE")
@click.option("--target", help="A device of `vitexport devices`. Default: host, or what BUNDLE is for.")
@formats_option(_AS_FOR_AN_EXPORT)
@precisions_option(_AS_FOR_AN_EXPORT)
@image_size_option(_AS_FOR_AN_EXPORT)
@min_os_option(_AS_FOR_AN_EXPORT)
@json_option
@verbose_option
def lint(
    subject: str, target: str | None, formats: tuple[str, ...], precisions: tuple[Precision, ...],
    image_size: int | None, min_ios: int | None, as_json: bool, verbose: bool,
) -> None:  # fmt: skip
    """Look at a bundle, or at the programs of a model that is none yet."""
    exported = is_bundle(subject)
    if exported:
        asked = {"--format": formats, "--precision": precisions, "--image-size": image_size, "--min-os": min_ios}
        if given := [option for option, value in asked.items() if value]:
            raise click.UsageError(
                f"{' and '.join(given)} would be for an export, and {subject} is a bundle: leave it out."
            )
        bundle = Bundle.open(subject)
        variants: Collection[Variant] = bundle.manifest.variants
        found = _in_bundle(bundle, target, verbose)
    else:
        request = ExportRequest(
            subject, target or "host", formats or None, precisions or None, image_size=image_size, min_ios=min_ios
        )
        variants = plan(request).lowerings  # what cannot be made is said before torch is imported
        found = _in_model(request, verbose)
    if as_json:
        print_json([finding.model_dump(mode="json") for finding in found])
    else:
        print_findings(found, variants)
        if not exported:
            print_line("Of the captured programs: what only a lowered file shows, `vitexport lint BUNDLE` finds.")
    if any(finding.severity == "error" for finding in found):
        sys.exit(FAILED)


def _in_bundle(bundle: Bundle, target: str | None, verbose: bool) -> tuple[Finding, ...]:
    with working(verbose) as progress:
        from exporter.lint.model_or_bundle import lint_bundle

        return lint_bundle(bundle, target, progress)


def _in_model(request: ExportRequest, verbose: bool) -> tuple[Finding, ...]:
    with working(verbose) as progress:
        from exporter.lint.model_or_bundle import lint_model

        return lint_model(request, progress=progress)


def print_findings(findings: Sequence[Finding], variants: Collection[Variant]) -> None:
    """One paragraph a rule and variant: what was found, where, why it matters and what to do; below, a count.

    `variants` are all that were looked at.
    """
    for same in by_rule(findings):
        first = same[0]
        label = label_among(variants, first.variant)
        graphs = ", ".join(f"{one.graph} ×{one.count}" if one.count > 1 else one.graph for one in same)
        print_line(coloured(first.severity), f"  {first.rule}, {label}: {graphs}")
        if first.severity == "info":
            for one in same:
                print_line(f"  {one.graph}: {one.detail}")
        else:
            where = list(dict.fromkeys(place for one in same for place in one.where))
            print_line(f"  {first.detail}, in {first_few(where)}")
        print_line(f"  {first.reason} {first.advice}", style="dim")
        print_line(f"  {first.link}", style="dim")
    print_line()
    print_line(f"{counted(findings)}.", style=COLOURS[findings[0].severity] if findings else GOOD)
