"""Where fewer bits do not pay, or cost too much: sentences that warn, of which none means that there is nothing to say.

Less than full precision is asked of such artefacts, so that none of this makes one fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from exporter.graphs.tasks import TASKS
from exporter.manifest import Compression, Manifest

AS_FAST = 0.95
"""Of the full precision's speed; two runs of one artefact differ by as much"""


def shortfalls(manifest: Manifest) -> list[str]:
    """One sentence for each variant of fewer bits that is slower than the full precision, or too far from PyTorch."""
    return [text for one in manifest.compressions if (text := _shortfall(manifest, one)) is not None]


def _shortfall(manifest: Manifest, compression: Compression) -> str | None:
    label = f"{compression.format} {compression.precision}"
    off = [
        f"{artifact.graph}: {reason}" if len(manifest.graphs) > 1 else reason
        for artifact in manifest.artifacts
        if artifact.variant == compression.variant
        for reason in artifact.verification.short
    ]
    off += [
        reason for rollout in manifest.rollouts if rollout.variant == compression.variant for reason in rollout.short
    ]
    off += [
        f"{graph} has an SQNR of {best:.1f} dB at best, and {compression.least_sqnr:g} were asked for"
        for graph, best in _best(compression).items()
        if compression.least_sqnr is not None and best < compression.least_sqnr
    ]
    speed = speed_of(manifest, compression)
    slow = speed is not None and speed < AS_FAST
    if slow and off:
        why = f"too far from PyTorch ({'; '.join(off)}{_mostly(manifest, compression)})"
        return f"{label} is {why}, and slower than {compression.full} here: leave it out."
    if off:
        return f"{label} is too far from PyTorch: {'; '.join(off)}{_mostly(manifest, compression)}."
    if slow:
        return f"{label} runs {speed:.2f} times as fast as {compression.full} here: it is smaller, but slower."
    return None


def _mostly(manifest: Manifest, compression: Compression) -> str:
    """The operator that loses most of a graph that is too far off, where all its ranges were calibrated."""
    if not compression.calibration or compression.curve:
        return ""
    off = {
        artifact.graph
        for artifact in manifest.artifacts
        if artifact.variant == compression.variant and artifact.verification.short
    }
    worst = [one.worst[0] for one in manifest.sensitivities if one.graph in off and one.worst]
    return f"; no operator loses more than {worst[0].module} ({worst[0].operator})" if worst else ""


def _best(compression: Compression) -> dict[str, float]:
    """Graph -> the greatest SQNR that any mixture of it had, in dB."""
    found: dict[str, float] = {}
    for point in compression.curve:
        found[point.graph] = max(found.get(point.graph, -inf), inf if point.sqnr is None else point.sqnr)
    return found


def speed_of(manifest: Manifest, compression: Compression) -> float | None:
    """How many times as fast as in full precision what runs on every frame is; None where it was not timed."""
    return compression.speed(TASKS[manifest.model.task].every_frame)


def least_sqnr(manifest: Manifest, compression: Compression) -> float | None:
    """Of the outputs of all its artefacts, in dB; None where none was compared, or all are equal."""
    return min(_ratios(manifest, compression), default=None)


def _ratios(manifest: Manifest, compression: Compression) -> Iterator[float]:
    for artifact in manifest.artifacts:
        for parity in artifact.verification.outputs.values():
            if artifact.variant == compression.variant and parity.sqnr is not None:
                yield parity.sqnr
