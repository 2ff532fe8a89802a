"""What became of artefacts as arm64 code, in figures and in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from exporter.manifest import Verification
from exporter.verdict import Verdict, listed


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Core(_Part):
    """An emulated core, as a process on it sees it."""

    name: str
    qemu: str
    """What the emulator calls it."""
    features: tuple[str, ...]
    missing: str | None = None
    """Why it could not be had; None if artefacts were run on it."""


class OnCore(_Part):
    """An artefact on a core; with `core` None one that is not covered."""

    format: str
    graph: str
    core: str | None = None
    status: Literal["passed", "failed", "not covered"]
    against_host: Verification | None = None
    """Compared with the same artefact run on this machine."""
    against_pytorch: Verification | None = None
    detail: str = ""
    """What is wrong, or why it is not covered; empty if it passed."""


class OnArm64(_Part):
    """Artefacts as arm64 code."""

    emulator: str | None
    """Its version; None if it had nothing to run."""
    host: str
    """Instruction set of this machine."""
    cores: tuple[Core, ...]
    results: tuple[OnCore, ...]

    @property
    def verdict(self) -> Verdict:
        """Of all artefacts together; "open" where nothing was run."""
        failed = [result for result in self.results if result.status == "failed"]
        wrong = _formats(failed)
        passed = [r for r in self.results if r.status == "passed" and r.format not in wrong]
        idle = _formats(result for result in self.results if result.status == "not covered")
        clauses = []
        if passed:
            cores = listed([core.name for core in self.cores if core.missing is None])
            clauses.append(
                f"On arm64 ({cores}) {_agree(_formats(passed))} with {self.host} within "
                f"{_worst(result.against_host for result in passed):.1e} and with PyTorch within "
                f"{_worst(result.against_pytorch for result in passed):.1e}"
            )
        if failed:
            cores = listed(list(dict.fromkeys(result.core for result in failed if result.core is not None)))
            clauses.append(f"On arm64 ({cores}) {listed(wrong)} {'fails' if len(wrong) == 1 else 'fail'}")
        if not passed and not failed:
            clauses.append("Nothing was run on arm64")
        if idle:
            clauses.append(f"{listed(idle)} {'is' if len(idle) == 1 else 'are'} not covered")
        return Verdict("failed" if failed else "passed" if passed else "open", "; ".join(clauses) + ".")


def _formats(results: Iterable[OnCore]) -> list[str]:
    return list(dict.fromkeys(result.format for result in results))


def _agree(formats: list[str]) -> str:
    return f"{listed(formats)} {'agrees' if len(formats) == 1 else 'agree'}"


def _worst(verifications: Iterable[Verification | None]) -> float:
    """Greatest relative error of any output."""
    outputs = (output for one in verifications if one is not None for output in one.outputs.values())
    return max((output.relative or 0.0 for output in outputs), default=0.0)
