"""What fewer bits gain and lose, for every family, format and precision. Writes docs/int8.md.

    .venv/bin/python -m benchmarks.int8 --out runs [--models efficientformerv2_s0] [--formats tflite] [--ranges qhyvit]
    .venv/bin/python -m benchmarks.int8 --out runs --table

The last puts what is in the folder in the place of the same rows of earlier runs, which docs/int8.jsonl keeps.

Each model is exported as a user would, by the command line in a process of its own, one format at a time and nothing
beside it; what is done is kept in the folder and not done again. Seeded weights but for our own tracker's. Speeds are
ratios to the same format's full precision, timed in turns on one thread within each export; quality is that on the
export's verification inputs, of which none is calibrated on. `limit` is what is gained where nothing but plain products
is computed, in the same runtimes and the same run: about what a model can gain by its products.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import torch
from torch import nn

from benchmarks.int8_page import AVX2, FORMATS, LIMIT, Row, page
from benchmarks.page import machine, write
from device_profiles.vocabulary import Precision
from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.bench.comparison import speeds
from exporter.bundle import Bundle
from exporter.graphs.capture import Graph, capture
from exporter.manifest import TensorSpec, Variant
from exporter.models.registry import model_info
from exporter.verify.shortfalls import least_sqnr, speed_of

VITEXPORT = str(Path(sys.executable).parent / "vitexport")
DOCUMENT = Path(__file__).parent.parent / "docs" / "int8.md"
ROWS = DOCUMENT.with_suffix(".jsonl")
"""What the page is made of: a row a line, of several runs"""
MODELS = (
    "efficientformer_l1", "efficientformer_l3", "efficientformerv2_s0", "efficientformerv2_s1", "mobilevit_xxs",
    "mobilevit_xs", "mobilevit_s", "mobilevitv2_050", "mobilevitv2_075", "efficienttam_nano",
    "efficienttam_ti_2_512x512",
)  # fmt: skip


PRECISIONS = get_args(Precision)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures, which go on where they stopped")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    parser.add_argument("--ranges", help="how ranges of activations are found, where not as suits the format")
    parser.add_argument("--table", action="store_true", help="write the page of what is done")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.table:
        rows = together(_kept(), [json.loads(path.read_text()) for path in sorted(asked.out.glob("*.json"))])
        ROWS.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        write(DOCUMENT, page(rows))
        return 0
    for format in asked.formats:
        _once(asked.out / f"{LIMIT}-{format}.json", lambda format=format: limit(format))
        for model in asked.models:
            name = f"{model}-{format}-{asked.ranges or 'usual'}.json"
            _once(asked.out / name, lambda model=model, format=format: exported(model, format, asked.ranges))
    return 0


def _kept() -> list[Row]:
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def together(kept: Iterable[Row], files: Iterable[Sequence[Row]]) -> list[Row]:
    """Rows of earlier runs, and in the place of those that were measured again the new ones."""
    found = {_what(row): row for row in kept}
    for rows in files:
        found |= {_what(row): {name: value for name, value in row.items() if name != "curve"} for row in rows}
    return [found[what] for what in sorted(found)]


def _what(row: Row) -> tuple[str, ...]:
    """All that tells a row from others but when it was measured; of plain products every run is kept."""
    kind = next((name for name in ("metric", "objective", "error") if name in row), "")
    kernels = AVX2 if AVX2 in row.get("cpu", "") else ""
    run = row["cpu"] if row["model"] == LIMIT else ""
    ranges = row.get("ranges", "usual")
    place = MODELS.index(row["model"]) if row["model"] in MODELS else -1
    precision = row.get("precision", "")
    order = PRECISIONS.index(precision) if precision in PRECISIONS else -1
    return kind, kernels, run, f"{place:02d}", row["model"], row["format"], ranges, f"{order:02d}", precision


def _once(path: Path, measure: Any) -> None:
    if not path.exists():
        rows = measure()
        path.write_text(json.dumps(rows, indent=1))
        for row in rows:
            print(row, flush=True)


def exported(model: str, format: str, ranges: str | None) -> list[Row]:
    """One row for each precision of fewer bits."""
    info = model_info(model)
    precisions = [one for one in fewer_bits(format, ranges) if one != "mixed" or info.family.task == "classify"]
    command = [VITEXPORT, model, "--format", format, *(f"--precision={one}" for one in precisions), "--workers", "1"]
    command += ["--weights", "auto" if info.shipped else "random", *(["--ranges", ranges] if ranges else [])]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*command, "--out", folder, "--json"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return [{"model": model, "format": format, "error": done.stderr.strip().splitlines()[-1]}]
        bundle = Bundle.open(json.loads(done.stdout)["path"])
        manifest, artifacts = bundle.manifest, bundle.manifest.artifacts
        return [
            {
                "model": model,
                "format": format,
                "precision": one.precision,
                "ranges": ranges or "usual",
                "size": one.size,
                "speed": speed_of(manifest, one),
                "graphs": {each.graph: each.full_ms / each.ms for each in one.speeds},
                "sqnr": least_sqnr(manifest, one),
                "top1": min(
                    (
                        parity.top1
                        for artifact in artifacts
                        if artifact.variant == one.variant
                        for parity in artifact.verification.outputs.values()
                        if parity.top1 is not None
                    ),
                    default=None,
                ),
                "mask_iou": next((r.mean_iou for r in manifest.rollouts if r.variant == one.variant), None),
                "pieces": max(
                    (a.delegation.pieces for a in artifacts if a.variant == one.variant and a.delegation), default=None
                ),
                "curve": [point.model_dump() for point in one.curve],
                "cpu": machine(),
            }
            for one in manifest.compressions
        ]


def fewer_bits(format: str, ranges: str | None) -> list[str]:
    """The precisions of a format: those of which ranges are read, where it is said how."""
    return [name for name, scheme in backend(format).schemes.items() if scheme.calibrated or not ranges]


def limit(format: str) -> list[Row]:
    """What plain products gain by eight bits, in a format."""
    if backend(format).interpreted:
        return []
    variant = Variant(format, "int8", backend(format).default_delegate)
    with tempfile.TemporaryDirectory() as folder:
        graph, few, full = products(format, Path(folder))
        (speed,) = speeds(variant, [graph], {graph.name: few}, {graph.name: full})
    ratio = speed.full_ms / speed.ms
    return [{"model": LIMIT, "format": format, "precision": "int8", "speed": ratio, "cpu": machine()}]


def products(format: str, folder: Path) -> tuple[Graph, Path, Path]:
    """Eight pointwise convolutions, one after the other, and their files in eight bits and in full precision."""
    graph = _products()
    few, full = (folder / f"{name}.{backend(format).extension}" for name in ("few", "full"))
    given = [{"image": torch.rand(graph.inputs[0].shape).numpy()} for _ in range(4)]
    backend(format).lower(graph, full, LowerOptions("fp32"))
    backend(format).lower(graph, few, LowerOptions("int8", calibration=given, full=full))
    return graph, few, full


def _products() -> Graph:
    torch.manual_seed(0)
    layers = nn.Sequential(*(nn.Conv2d(256, 256, 1) for _ in range(8)))
    shape = (1, 256, 28, 28)
    given, made = (
        TensorSpec(name=name, shape=shape, dtype="float32", layout="NCHW", kind="features", meaning="")
        for name in ("image", "features")
    )

    class Products(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"features": self.layers(image)}

    return capture("classify", Products().eval(), (given,), (made,))


if __name__ == "__main__":
    sys.exit(main())
