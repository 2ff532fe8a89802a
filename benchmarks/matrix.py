"""Every classifier in every format: converts, runs, agrees? Writes docs/matrix.md.

    .venv/bin/python -m benchmarks.matrix [MODEL ...]

Each model is exported as a user would, by the command line in a process of its own, with seeded weights, so that the
table comes out the same everywhere. With model names only those are exported and the table is printed, not written.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.page import machine, write
from exporter.backends import all_formats
from exporter.models.registry import MODELS

VITEXPORT = str(Path(sys.executable).parent / "vitexport")
DOCUMENT = Path(__file__).parent.parent / "docs" / "matrix.md"

HEADER = """# Models × formats

Written by `benchmarks/matrix.py`: every classifier, with seeded weights at its default image size, exported by
`vitexport MODEL --target host --format all --weights random`. A number is `max|a−b| / max|b|` between the logits of
the artefact, run from disk by its own runtime, and those of eager PyTorch, over 16 inputs (4 synthetic pictures, 12
crops of photographs); in brackets stand the shares of operators and of multiply-accumulates inside the XNNPACK
delegate, and the number of its pieces. Core ML packages are fp16, run by `exporter.mil` with every result rounded to
half precision. Tolerance: 1e-4 in fp32, 2e-2 in fp16.
"""


def main() -> None:
    wanted = sys.argv[1:] or [name for name, info in MODELS.items() if info.family.task == "classify"]
    rows, versions = [], {}
    for model in wanted:
        with tempfile.TemporaryDirectory() as folder:
            cells = []
            for artifact in _export(model, folder):
                cells.append(_cell(artifact))
                versions |= artifact["toolchain"]
        rows.append(f"| {model} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    if not sys.argv[1:]:
        write(
            DOCUMENT,
            f"{HEADER}\n| model | {' | '.join(all_formats())} |\n|---|{'---|' * len(all_formats())}\n"
            + "\n".join(rows)
            + f"\n\nMade with {', '.join(f'{name} {version}' for name, version in sorted(versions.items()))}. "
            + f"{machine()}\n",
        )


def _export(model: str, folder: str) -> list[dict]:
    """The manifest's artefacts, in the order of `all_formats`."""
    command = [VITEXPORT, model, "--format", "all", "--weights", "random", "--out", folder, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{model}: {done.stderr}")
    if done.returncode == 1:
        print(done.stderr, file=sys.stderr)
        (manifest,) = Path(folder).glob("*.failed/manifest.json")
        return json.loads(manifest.read_text())["artifacts"]
    return json.loads(done.stdout)["manifest"]["artifacts"]


def _cell(artifact: dict) -> str:
    verification, delegation = artifact["verification"], artifact["delegation"]
    if verification["status"] == "failed":
        return f"**failed**: {verification['detail']}"
    relative = max(output["relative"] for output in verification["outputs"].values())
    if delegation is None:
        return f"{relative:.1e}"
    return f"{relative:.1e} ({delegation['operators']:.1%}, {delegation['macs']:.1%}, {delegation['pieces']})"


if __name__ == "__main__":
    main()
