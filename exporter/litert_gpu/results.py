"""What became of artefacts on LiteRT's GPU delegate, in figures and in one sentence."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from exporter.manifest import Verification
from exporter.verdict import Verdict, listed


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class OnDelegate(_Part):
    """An artefact, compared with PyTorch where the delegate runs it."""

    format: str
    graph: str
    status: Literal["passed", "failed", "not taken", "not covered"]
    verification: Verification | None = None
    detail: str = ""
    """What is wrong, which operators are not taken, or why it is not covered; empty if it passed."""


class OnGpu(_Part):
    """Artefacts on LiteRT's GPU delegate."""

    adapter: str | None
    """What the delegate ran on, in its words; None if it had nothing to run."""
    results: tuple[OnDelegate, ...]

    @property
    def verdict(self) -> Verdict:
        """Of all artefacts together; "open" where the delegate ran none."""
        graphs: dict[str, list[str]] = {}
        for one in self.results:
            graphs.setdefault(one.status, []).append(one.graph if one.format == "tflite" else one.format)
        passed, failed = graphs.get("passed", []), graphs.get("failed", [])
        clauses = []
        if passed:
            verb = "agrees" if len(passed) == 1 else "agree"
            clauses.append(f"On LiteRT's GPU delegate {listed(passed)} {verb} with PyTorch within {self._worst():.1e}")
        if failed:
            verb = "fails" if len(failed) == 1 else "fail"
            clauses.append(f"{listed(failed)} {verb}" + ("" if passed else " on LiteRT's GPU delegate"))
        if not passed and not failed:
            clauses.append("Nothing was run by LiteRT's GPU delegate")
        for status in ("not taken", "not covered"):
            names = list(dict.fromkeys(graphs.get(status, [])))
            if names:
                clauses.append(f"{listed(names)} {'is' if len(names) == 1 else 'are'} {status}")
        return Verdict("failed" if failed else "passed" if passed else "open", "; ".join(clauses) + ".")

    def _worst(self) -> float:
        """Greatest relative error of any output that passed."""
        passed = (one.verification for one in self.results if one.status == "passed" and one.verification)
        return max(output.relative or 0.0 for one in passed for output in one.outputs.values())
