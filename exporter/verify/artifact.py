"""Does an artefact, run from disk by a real runtime, say what PyTorch says?"""

from __future__ import annotations

from typing import Literal

from exporter.backends import backend, installed
from exporter.backends.interface import NotExecutableError
from exporter.backends.loading import LoadArtifact, load_checked
from exporter.backends.runner import InputProgress, Progress, run_all
from exporter.bundle import Bundle
from exporter.errors import BackendError, describe
from exporter.manifest import Artifact, Verification
from exporter.verify.case import Case, case_of
from exporter.verify.parity import judge
from exporter.verify.tolerances import TOLERANCES
from exporter.worker.isolated import PATIENCE, isolated


def verify(
    case: Case,
    progress: InputProgress | None = None,
    seconds: float | None = None,
    load: LoadArtifact = load_checked,
) -> Verification:
    """Load an artefact, feed it its inputs and compare what comes out with PyTorch's outputs.

    What the file says of itself is checked first. What this machine cannot run is marked "not executed".
    `seconds` is the time box: once it is up no further input is run, and the verification says how many were not;
    None takes the format's own, which only slow interpreters have.
    """
    format, tolerance = backend(case.format), TOLERANCES[case.variant.precision].outputs
    box = format.seconds if seconds is None else seconds

    def unmeasured(status: Literal["failed", "not executed"], detail: str) -> Verification:
        return Verification(status=status, runtime=None, tolerance=tolerance, vectors=0, outputs={}, detail=detail)

    if not installed(format):
        return unmeasured("not executed", f"Its runtime is not installed: pip install 'vitexport[{format.extra}]'.")
    try:
        runner = load(format, case.path, case.inputs, case.outputs)
        actual = run_all(runner, case.given, box, progress)
    except NotExecutableError as reason:
        return unmeasured("not executed", str(reason))
    except BackendError as damage:
        return unmeasured("failed", str(damage))
    except Exception as error:  # whatever a runtime throws: an artefact that it refuses has failed
        return unmeasured("failed", f"{case.path.name} does not run ({describe(error)})")
    return judge(case.expected, actual, case.outputs, tolerance, runner.runtime, box)


def verify_bundle(
    bundle: Bundle, progress: Progress | None = None, seconds: float | None = None, patience: float = PATIENCE
) -> list[tuple[Artifact, Verification]]:
    """Verify every artefact of a bundle again, from disk, on its own conformance vectors.

    They run in a process of their own: one that crashes it, or gives no answer within `patience` seconds, has failed.
    `seconds` is the time box of each, as of `verify`. Raises `BundleError` if a file is missing or altered.
    """
    bundle.check()
    checked: list[tuple[Artifact, Verification]] = []
    artifacts, step = bundle.manifest.artifacts, progress or (lambda what, share: None)

    def verifying(done: int, count: int) -> None:
        current = artifacts[len(checked)]
        share = (len(checked) + done / count) / len(artifacts)
        step(f"{bundle.manifest.label(current.variant)}: {current.graph}, {done + 1} of {count}", share)

    with isolated(patience) as load:
        for artifact in artifacts:
            checked.append((artifact, verify(case_of(bundle, artifact), verifying, seconds, load)))
    return checked
