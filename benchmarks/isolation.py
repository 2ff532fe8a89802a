"""What a process of their own costs artefacts that do no harm: verification with it and without, in turn.

    .venv/bin/python -m benchmarks.isolation BUNDLE...

Each measurement is a new Python, as for a user, and counts from its start to its end; times of the processor are those
of all its processes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from statistics import median

import click

from benchmarks.page import machine

WITH = "verify_bundle(bundle)"
WITHOUT = "[verify(case_of(bundle, artifact)) for artifact in bundle.manifest.artifacts]"
PROGRAM = """
import sys
from exporter.bundle import Bundle
from exporter.verify.artifact import case_of, verify, verify_bundle
bundle = Bundle.open(sys.argv[1])
bundle.check()
{}
"""


def measured(program: str, bundle: str) -> tuple[float, float]:
    """Seconds of a clock, and of the processor."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-c", PROGRAM.format(program), bundle], check=True, stderr=subprocess.DEVNULL)
    seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@click.command()
@click.argument("bundles", nargs=-1, required=True)
@click.option("--pairs", default=5, show_default=True, help="How often each is measured, in turn.")
def main(bundles: tuple[str, ...], pairs: int) -> None:
    """Print medians and their ratio."""
    click.echo(machine())
    for bundle in bundles:
        alone, apart = [], []
        for _ in range(pairs):
            alone.append(measured(WITHOUT, bundle))
            apart.append(measured(WITH, bundle))
        for what, column in (("clock", 0), ("processor", 1)):
            without, with_it = (median(one[column] for one in times) for times in (alone, apart))
            ratio = with_it / without
            click.echo(f"{bundle}, {what}: {without:.2f} s in this process, {with_it:.2f} s apart: {ratio:.3f}")


if __name__ == "__main__":
    main()
