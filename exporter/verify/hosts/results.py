"""What became of artefacts on another host, in figures and in one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from exporter.manifest import MadeInVariant, Variant, Verification, label_among
from exporter.verify.verdict import Verdict, listed

Status = Literal["passed", "failed", "not taken", "not covered"]
"""Not taken: the host's runtime rejects the graph, which is no failure. Not covered: the host runs no such format."""


@dataclass(frozen=True)
class Words:
    """How sentences and tables speak of a host."""

    place: str
    """Follows "on": "arm64"."""
    idle: str
    """Says that it ran nothing."""
    processor: str | None
    """What one of its processors is called, as a column of tables; None where it has one, which goes without saying."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Processor(_Part):
    """What a host runs artefacts on, as it describes itself there."""

    name: str
    description: str = ""
    """In the words of what provides it: an emulator and its options, or a driver's adapter"""
    features: tuple[str, ...] = ()
    """Of its instruction set"""
    missing: str | None = None
    """Why it could not be had; None if artefacts were run on it."""


class OnProcessor(MadeInVariant):
    """An artefact on a processor of a host; with `processor` None one that is not covered."""

    graph: str
    processor: str | None = None
    status: Status
    against_pytorch: Verification | None = None
    against_here: Verification | None = None
    """Compared with the same artefact run on this machine, where that says more than PyTorch"""
    detail: str = ""
    """What is wrong, which operators are not taken, or why it is not covered; empty if it passed."""


class OnHost(_Part):
    """Artefacts on another host."""

    host: str
    here: str | None
    """This machine, where artefacts are compared with themselves on it; None where with PyTorch only."""
    formats: tuple[str, ...]
    """What the host covers"""
    processors: tuple[Processor, ...]
    """Empty if it had nothing to run."""
    results: tuple[OnProcessor, ...]
    words: Words = Field(exclude=True)

    def label(self, one: OnProcessor) -> str:
        """The format of an artefact, with what tells it from others of that format."""
        return label_among({result.variant for result in self.results}, one.variant)

    def name(self, one: OnProcessor) -> str:
        """What to call an artefact that is covered."""
        return name_among({result.variant for result in self.results}, self.formats, one.variant, one.graph)

    @property
    def verdict(self) -> Verdict:
        """Of all artefacts together; "open" where none was run."""
        wrong = self._names("failed")
        passed = [one for one in self.results if one.status == "passed" and self._short(one) not in wrong]
        clauses = []
        if passed:
            usable = [processor.name for processor in self.processors if processor.missing is None]
            within = [f"PyTorch within {_worst(one.against_pytorch for one in passed):.1e}"]
            if self.here is not None:
                within.insert(0, f"{self.here} within {_worst(one.against_here for one in passed):.1e}")
            agreeing = list(dict.fromkeys(map(self._short, passed)))
            clauses.append(
                f"On {self._place(usable)} {listed(agreeing)} {'agrees' if len(agreeing) == 1 else 'agree'} with "
                f"{' and with '.join(within)}"
            )
        if wrong:
            fail = f"{listed(wrong)} {'fails' if len(wrong) == 1 else 'fail'}"
            if self.words.processor is not None:
                failed_on = dict.fromkeys(one.processor or "" for one in self.results if one.status == "failed")
                fail = f"On {self._place(failed_on)} {fail}"
            elif not passed:
                fail = f"{fail} on {self.words.place}"
            clauses.append(fail)
        if not passed and not wrong:
            clauses.append(self.words.idle)
        for status in ("not taken", "not covered"):
            if names := self._names(status):
                clauses.append(f"{listed(names)} {'is' if len(names) == 1 else 'are'} {status}")
        return Verdict("failed" if wrong else "passed" if passed else "open", "; ".join(clauses) + ".")

    def _short(self, one: OnProcessor) -> str:
        """What a sentence calls an artefact: by its format, or by its graph where the host has one format only."""
        return self.label(one) if one.status == "not covered" or len(self.formats) > 1 else self.name(one)

    def _names(self, status: str) -> list[str]:
        return list(dict.fromkeys(self._short(one) for one in self.results if one.status == status))

    def _place(self, processors: Iterable[str]) -> str:
        """Where something was run: on which of the host's processors too, where it has several."""
        return self.words.place if self.words.processor is None else f"{self.words.place} ({listed(list(processors))})"


def name_among(variants: Collection[Variant], formats: Collection[str], variant: Variant, graph: str) -> str:
    """What to call one of several artefacts on a host: a host of one format, in one variant, needs no word for it."""
    label = label_among(variants, variant)
    return graph if set(formats) == {label} else f"{label} {graph}"


def _worst(verifications: Iterable[Verification | None]) -> float:
    """Greatest relative error of any output."""
    outputs = (output for one in verifications if one is not None for output in one.outputs.values())
    return max((output.relative or 0.0 for output in outputs), default=0.0)
