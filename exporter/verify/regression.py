"""Is a bundle worse than an earlier one of the same model? Their manifests' figures, one by one; nothing runs here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from exporter.errors import BundleError
from exporter.manifest import Artifact, Manifest, Rollout, Variant, label_among
from exporter.verify.figures import worst

Judged = TypeVar("Judged", Artifact, Rollout)
Figure = float | str | None
Standing = Literal["better", "same", "worse"]

_Key = tuple[str, str | None]
"""Label of a variant, graph"""

STATUSES = (None, "failed", "not executed", "passed")
"""Worst first; None is an artefact that the bundle lacks."""


@dataclass(frozen=True)
class Change:
    """What became of one figure."""

    format: str
    """The format, with what tells the variant from others of that format"""
    graph: str | None
    """None for a tracker's graphs as a whole"""
    metric: str
    old: Figure
    new: Figure
    standing: Standing
    limit: str
    """What would still have been the same"""


@dataclass(frozen=True)
class Regression:
    """A bundle against an earlier one."""

    changes: tuple[Change, ...]
    """Of every figure that both have, the same ones too"""
    notes: tuple[str, ...]
    """Other facts in which the two differ: they may explain the changes"""

    @property
    def worse(self) -> int:
        """How many figures are worse."""
        return sum(change.standing == "worse" for change in self.changes)


@dataclass(frozen=True)
class Rule(Generic[Judged]):
    """How a figure is read, and how much of a change is none."""

    metric: str
    read: Callable[[Judged], float | None]
    """None where there is no such figure"""
    best: Literal["low", "high"]
    allowed: float
    """Of a figure that is best low a share more, of one that is best high an amount less"""
    floor: Callable[[Judged], float] | None = None
    """A figure that is best low is never worse up to this"""
    same: Callable[[Judged], str | None] = lambda judged: None
    """What figures that are compared have alike"""

    def standing(self, old: float, new: float, judged: Judged) -> Standing:
        """Of a new figure; `judged` is what it was read from."""
        if self._is_worse(new, old, judged):
            return "worse"
        return "better" if self._is_worse(old, new, judged) else "same"

    def _is_worse(self, figure: float, than: float, judged: Judged) -> bool:
        if self.best == "high":
            return figure < than - self.allowed
        return figure > max((1 + self.allowed) * than, self.floor(judged) if self.floor else 0)

    @property
    def limit(self) -> str:
        """The allowance in words."""
        if self.best == "high":
            return f"{self.allowed:g} less"
        more = f"{self.allowed:.0%} more" if self.allowed else "as many"
        return f"{more}, or a tenth of the tolerance" if self.floor else more


def _parity(figure: str) -> Callable[[Artifact], float | None]:
    """The worst over an artefact's outputs."""
    return lambda artifact: getattr(worst(artifact.verification), figure, None)


def _delegated(figure: str) -> Callable[[Artifact], float | None]:
    return lambda artifact: getattr(artifact.delegation, figure, None)


def _sqnr(artifact: Artifact) -> float | None:
    """Of an artefact of fewer bits."""
    found = worst(artifact.verification)
    return found.sqnr if found is not None and artifact.verification.tolerance.sqnr is not None else None


def _rounding(artifact: Artifact) -> float:
    return (artifact.verification.tolerance.relative or 0.0) / 10


ARTIFACT_RULES: tuple[Rule[Artifact], ...] = (
    # Below a tenth of its tolerance an error is rounding, and every version of a runtime rounds in another order.
    Rule("relative error", _parity("relative"), "low", 1.0, _rounding),
    # Of noise that is of the same strength, a few samples differ by this.
    Rule("SQNR, dB", _sqnr, "high", 1.0),
    # One of 16 pictures is more than this, and so is what anyone would see of a mask.
    Rule("top-1", _parity("top1"), "high", 0.001),
    Rule("mask IoU", _parity("mask_iou"), "high", 0.001),
    # Names and metadata, which every version of a toolchain writes anew, come to less.
    Rule("bytes", lambda artifact: artifact.bytes, "low", 0.01),
    # A toolchain's own clean-up leaves an odd reshape more or less.
    Rule("operators", lambda artifact: sum(artifact.operators.values()), "low", 0.01),
    # A share moves with the number of all operators, even if the same ones stay outside.
    Rule("delegated operators", _delegated("operators"), "high", 0.001),
    Rule("delegated MACs", _delegated("macs"), "high", 0.001),
    # Each further piece costs a hand-over in every run.
    Rule("delegated pieces", _delegated("pieces"), "low", 0.0),
    # The same program, measured twice on an idle device, differs by a few per cent. What one method expects is no worse
    # than what another does, only differently wrong.
    Rule(
        "latency, ms",
        lambda artifact: artifact.latency.ms if artifact.latency else None,
        "low",
        0.05,
        same=lambda artifact: artifact.latency.method if artifact.latency else None,
    ),
)
ROLLOUT_RULES: tuple[Rule[Rollout], ...] = (
    Rule("mask IoU", lambda rollout: min(rollout.mask_iou, default=None), "high", 0.001),
)


def compare_bundles(new: Manifest, old: Manifest) -> Regression:
    """Every figure of `new` against that of `old`; raises `BundleError` for bundles that cannot be compared."""
    refuse_incomparable(new, old)
    ours, theirs = _labels(new, old), _labels(old, new)
    changes = [
        *_changes(
            {(theirs[one.variant], one.graph): one for one in old.artifacts},
            {(ours[one.variant], one.graph): one for one in new.artifacts},
            ARTIFACT_RULES,
            lambda artifact: artifact.verification.status,
        ),
        *_changes(
            {(theirs[one.variant], None): one for one in old.rollouts},
            {(ours[one.variant], None): one for one in new.rollouts},
            ROLLOUT_RULES,
            lambda rollout: rollout.status,
        ),
    ]
    return Regression(tuple(changes), tuple(_notes(new, old)))


def refuse_incomparable(new: Manifest, old: Manifest) -> None:
    """Raise `BundleError` for bundles of which one cannot be a worse version of the other."""
    for what, ours, theirs in (
        ("task", new.model.task, old.model.task),
        ("model", new.model.name, old.model.name),
        ("image size", new.model.image_size, old.model.image_size),
        ("number of classes", new.model.num_classes, old.model.num_classes),
    ):
        if ours != theirs:
            raise BundleError(
                f"The {what} of the new bundle is {ours} and of the old one {theirs}, so they cannot be compared; "
                "pass two exports of one model."
            )


def _labels(manifest: Manifest, other: Manifest) -> dict[Variant, str]:
    """What the variants of a bundle are called beside another's.

    The only variant of a format in both is called by the format: it is compared, though its precision has changed.
    """
    both = {*manifest.variants, *other.variants}
    return {
        variant: variant.format
        if all(sum(one.format == variant.format for one in each.variants) == 1 for each in (manifest, other))
        else label_among(both, variant)
        for variant in manifest.variants
    }


def _changes(
    old: Mapping[_Key, Judged],
    new: Mapping[_Key, Judged],
    rules: Sequence[Rule[Judged]],
    status_of: Callable[[Judged], str],
) -> Iterator[Change]:
    for format, graph in dict.fromkeys([*old, *new]):
        before, after = old.get((format, graph)), new.get((format, graph))
        was, became = (None if judged is None else status_of(judged) for judged in (before, after))
        gained = STATUSES.index(became) - STATUSES.index(was)
        standing: Standing = "better" if gained > 0 else "worse" if gained else "same"
        yield Change(format, graph, "status", was, became, standing, "as good")
        if before is None or after is None:
            continue
        for rule in rules:
            had, has = rule.read(before), rule.read(after)
            if had is not None and has is not None and rule.same(before) == rule.same(after):
                yield Change(format, graph, rule.metric, had, has, rule.standing(had, has, after), rule.limit)


def _notes(new: Manifest, old: Manifest) -> Iterator[str]:
    ours, theirs = _facts(new), _facts(old)
    for fact in theirs:
        if fact in ours and ours[fact] != theirs[fact]:
            yield f"{fact}: {theirs[fact]} in the old bundle, {ours[fact]} in the new one"


def _facts(manifest: Manifest) -> dict[str, str]:
    """What a figure depends on besides the export itself."""
    facts = {"target": manifest.target.id, "sha256 of the weights": manifest.weights.sha256} | manifest.provenance
    for artifact in manifest.artifacts:
        name = f"{manifest.label(artifact.variant)} {artifact.graph}"
        facts |= artifact.toolchain | {f"precision of {name}": artifact.precision}
        if artifact.delegate is not None:
            facts[f"delegate of {name}"] = artifact.delegate
        if artifact.latency is not None:
            facts[f"how the latency of {name} was found"] = artifact.latency.method
        if artifact.verification.runtime:
            facts[f"runtime of {name}"] = artifact.verification.runtime
    return facts
