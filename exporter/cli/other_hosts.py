"""`vitexport verify --arch arm64` and `--gpu`: a bundle's artefacts on other hosts than this machine's processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from exporter.bench.provenance import provenance
from exporter.bundle import Bundle
from exporter.cli.progress import working
from exporter.cli.tables import coloured, error_and_task_metric, print_json, print_line, print_table, print_verdict
from exporter.manifest import Verification
from exporter.verify.verdict import Verdict

if TYPE_CHECKING:
    from exporter.verify.hosts.results import OnHost


def verify_elsewhere(host: Literal["arm64", "gpu"], bundle: Bundle, as_json: bool, verbose: bool) -> Verdict:
    """Run a bundle on another host, and print what became of it."""
    with working(verbose) as progress:
        if host == "arm64":
            from exporter.verify.arm64.verify import verify_bundle_on_arm64 as verify_bundle
        else:
            from exporter.verify.litert_gpu.verify import verify_bundle_on_gpu as verify_bundle
        found = verify_bundle(bundle, progress)
    if as_json:
        print_json({"verdict": found.verdict, "provenance": provenance(), **found.model_dump()})
    else:
        print_host(found)
    return found.verdict


def print_host(found: OnHost) -> None:
    """One row an artefact and processor: how far it is from PyTorch, and from itself here; below, why not."""
    core = found.words.processor
    print_table(
        (
            *("format", "graph"),
            *([core] if core is not None else []),
            "inputs>",
            *([f"from {found.here}>"] if found.here is not None else []),
            *("from PyTorch>", "result"),
        ),
        (
            (
                *(found.label(one), one.graph),
                *([one.processor or "–"] if core is not None else []),
                _inputs(one.against_pytorch),
                *([_error(one.against_here)] if found.here is not None else []),
                *(_error(one.against_pytorch), coloured(one.status)),
            )
            for one in found.results
        ),
    )
    for processor in found.processors:
        if processor.missing is not None:
            print_line(f"{processor.name}: {processor.missing}")
    for one in found.results:
        if one.status in ("failed", "not taken"):
            how = one.status if core is None else f"on {one.processor}"
            print_line(f"{found.name(one)} {how}: {one.detail}")
    reasons = {found.label(one): one.detail for one in found.results if one.status == "not covered"}
    for label, reason in reasons.items():
        print_line(f"{label} is not covered: {reason}")
    for processor in found.processors:
        if core is None and processor.description:
            print_line(f"Adapter: {processor.description}")
    print_verdict(found.verdict)


def _inputs(verification: Verification | None) -> str:
    """On how many of the inputs an artefact was run."""
    return "–" if verification is None else f"{verification.vectors} of {verification.vectors + verification.left_out}"


def _error(verification: Verification | None) -> str:
    """How far off the output is that is farthest off."""
    return "–" if verification is None else error_and_task_metric(verification)[0]
