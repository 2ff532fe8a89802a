"""The one sentence about a bundle as a whole, which the report, `vitexport export` and `vitexport verify` all say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Literal

from exporter.manifest import Artifact, Manifest, Rollout
from exporter.verify.tolerances import worth_following


@dataclass(frozen=True)
class Verdict:
    outcome: Literal["passed", "failed", "open"]
    """Open where no format was executed in full and none failed: agreement is not proved."""
    sentence: str


def verdict(manifest: Manifest) -> Verdict:
    """A variant agrees with PyTorch if every one of its artefacts was executed and passed, and none falls short."""
    made: dict[str, list[Artifact]] = {}
    for artifact in manifest.artifacts:
        made.setdefault(manifest.label(artifact.variant), []).append(artifact)
    statuses = {label: {a.verification.status for a in artifacts} for label, artifacts in made.items()}
    wrong = [label for label, seen in statuses.items() if "failed" in seen]
    agreeing = [label for label, seen in statuses.items() if seen == {"passed"}]
    not_executed = [label for label, seen in statuses.items() if seen == {"not executed"}]
    partial = [label for label in statuses if label not in (*wrong, *agreeing, *not_executed)]
    cut_short = [label for label in agreeing if any(a.verification.left_out for a in made[label])]
    rollouts = {manifest.label(rollout.variant): rollout for rollout in manifest.rollouts}
    lost = [label for label, rollout in rollouts.items() if rollout.status == "failed"]
    clauses = []
    short = [label for label in agreeing if any(artifact.verification.short for artifact in made[label])]
    if near := [label for label in agreeing if label not in short]:
        clauses.append(_agreement([artifact for label in near for artifact in made[label]], near))
    elif not wrong and not short:
        how = "in full" if partial else "here"
        clauses.append(f"No format was executed {how}, so agreement with PyTorch is not proved")
    if short:
        clauses.append(
            f"{listed(short)} {_was(short)} executed, and {'is' if len(short) == 1 else 'are'} not near PyTorch"
        )
    if wrong:
        clauses.append(f"{listed(wrong)} {'disagrees' if len(wrong) == 1 else 'disagree'} with PyTorch")
    if partial:
        clauses.append(f"{listed(partial)} {_was(partial)} executed in part only")
    if cut_short:
        clauses.append(f"{listed(cut_short)} {_was(cut_short)} given part of the inputs only, as time was up")
    if not_executed and (agreeing or wrong or partial):
        clauses.append(f"{listed(not_executed)} {_was(not_executed)} not executed")
    if manifest.sequence is not None and (agreeing or lost):
        chaotic = [label for label in agreeing if not _worth_following(made[label], manifest.weights.trained)]
        clauses += _following(rollouts, [label for label in agreeing if label not in chaotic])
        if chaotic:
            clauses.append(f"seeded weights follow nothing but in single precision, so {listed(chaotic)} did not try")
    outcome: Literal["passed", "failed", "open"] = "failed" if wrong or lost else "passed" if agreeing else "open"
    return Verdict(outcome, "; ".join(clauses) + ".")


def _agreement(artifacts: Sequence[Artifact], labels: Sequence[str]) -> str:
    """How many formats, or variants of them, agree, and within what: by precision too, where there are several."""
    within: dict[str, float] = {}
    by_psnr: dict[str, float] = {}
    sqnr: dict[str, float] = {}
    for artifact in artifacts:
        for name, output in artifact.verification.outputs.items():
            if artifact.verification.tolerance.relative is None:
                sqnr[artifact.precision] = min(
                    sqnr.get(artifact.precision, inf), inf if output.sqnr is None else output.sqnr
                )
            elif name in artifact.verification.by_psnr and output.psnr is not None:
                by_psnr[name] = min(by_psnr.get(name, output.psnr), output.psnr)
            else:
                within[artifact.precision] = max(within.get(artifact.precision, 0.0), output.relative or 0.0)
    noun = "format" if len({artifact.format for artifact in artifacts}) == len(labels) else "variant"
    agree = f"1 {noun} ({labels[0]}) agrees" if len(labels) == 1 else f"{len(labels)} {noun}s agree"
    each = ", ".join(f"{precision} {error:.1e}" for precision, error in sorted(within.items()))
    but = "".join(f", {name} with a PSNR of {psnr:.0f} dB" for name, psnr in by_psnr.items())
    most = f"within {max(within.values()):.1e}" + (f" ({each})" if len(within) > 1 else "") + but if within else ""
    noise = {precision: "without noise" if ratio == inf else f"at {ratio:.0f} dB" for precision, ratio in sqnr.items()}
    noisy = ", ".join(f"{precision} {words}" for precision, words in sorted(noise.items()))
    return f"{agree} with PyTorch " + listed([part for part in (most, noisy) if part])


def _worth_following(artifacts: Sequence[Artifact], trained: bool) -> bool:
    return all(worth_following(trained, artifact.precision) for artifact in artifacts)


def _following(rollouts: Mapping[str, Rollout], agreeing: Sequence[str]) -> Iterator[str]:
    """Whether a tracker's artefacts as a whole see what PyTorch sees."""
    followed: dict[str, list[str]] = {}
    for label, rollout in sorted(rollouts.items(), key=lambda item: item[1].left_out):
        if rollout.status == "passed":
            ran = len(rollout.mask_iou)
            frames = f"{ran} of {ran + rollout.left_out} frames" if rollout.left_out else f"{ran} frames"
            followed.setdefault(frames, []).append(label)
    lost = [label for label, rollout in rollouts.items() if rollout.status == "failed"]
    untried = [label for label in agreeing if label not in (*chain(*followed.values()), *lost)]
    if followed:
        each = len(followed) > 1 or bool(lost or untried)
        counts = [f"{frames} by {listed(by)}" if each else frames for frames, by in followed.items()]
        yield f"objects are followed as by PyTorch in {', in '.join(counts)}"
    if lost:
        yield f"{listed(lost)} cannot follow objects"
    if untried:
        yield f"following objects was not tried with {listed(untried)}"


def listed(names: Sequence[str]) -> str:
    """For a sentence: a, b and c."""
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
