"""What eight bits gain by kernels of AVX2 alone, on a processor that has more. `benchmarks.int8` writes the page.

    .venv/bin/python -m benchmarks.int8_avx2 --out runs [--models mobilevit_s] [--formats tflite]

XNNPACK asks cpuinfo once which instructions there are. Before it does, those of AVX-512 and all with VNNI are taken
from what cpuinfo found, so that it chooses the kernels that it has for a processor without them. Each model is exported
as a user would; then its files of eight bits and of full precision are timed in turns, on one thread. `limit` is the
same of plain products: that it falls tells that the kernels are others.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.int8 import VITEXPORT, products
from benchmarks.int8_page import AVX2, LIMIT, Row
from benchmarks.page import machine
from exporter.backends import backend
from exporter.bench.comparison import SECONDS
from exporter.bench.timing.turns import time_in_turns
from exporter.bundle import Bundle
from exporter.graphs.tasks import TASKS
from exporter.manifest import Speed, TensorSpec

MODELS = ("efficientformerv2_s0", "mobilevit_s", "efficienttam_nano", "efficienttam_ti_2_512x512")
FORMATS = ("tflite", "executorch")
HIDDEN = re.compile("avx512|avx_?vnni|avx_?ne_convert|avx10|amx")
"""Names in cpuinfo.h"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures, which go on where they stopped")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    hide()
    for format in asked.formats:
        for model in (LIMIT, *asked.models):
            path = asked.out / f"avx2-{model}-{format}.json"
            if not path.exists():
                row = limit(format) if model == LIMIT else timed(model, format)
                path.write_text(json.dumps([row], indent=1))
                print(row, flush=True)
    return 0


def hide() -> None:
    """Leave XNNPACK in LiteRT and ExecuTorch, of which neither has run yet, without what came after AVX2."""
    import ai_edge_litert.interpreter  # noqa: F401 - loads the library

    header = (Path(torch.__file__).parent / "include" / "cpuinfo.h").read_text()
    body = header[header.index("struct cpuinfo_x86_isa {") :]
    body = re.sub(r"#if CPUINFO_ARCH_X86\n.*?#endif", "", body[: body.index("};")], flags=re.DOTALL)
    flags = re.findall(r"bool (\w+);", body)
    for library in ("libc10.so", "libpywrap_litert_common.so"):
        base, symbols = _loaded(library)
        ctypes.CFUNCTYPE(ctypes.c_bool)(base + symbols["cpuinfo_initialize"])()
        found = (ctypes.c_bool * len(flags)).from_address(base + symbols["cpuinfo_isa"])
        wide = [found[flags.index(flag)] for flag in ("avx2", "avx512f", "avx512_4vnniw")]
        assert wide == [True, True, False], f"{library} has its flags in another order, or the processor has no AVX-512"
        for index, flag in enumerate(flags):
            if HIDDEN.match(flag):
                found[index] = False


def _loaded(library: str) -> tuple[int, dict[str, int]]:
    """Where a library begins in memory, and its symbols."""
    line = next(line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(library))
    begin, path = int(line.partition("-")[0], 16), line.split()[-1]
    lines = [subprocess.run(["nm", *how, path], capture_output=True, text=True).stdout for how in ([], ["-D"])]
    named = [line.split() for line in "".join(lines).splitlines()]
    return begin, {words[2]: int(words[0], 16) for words in named if len(words) == 3}


def timed(model: str, format: str) -> Row:
    """A row as `benchmarks.int8` has them, of nothing but speed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [VITEXPORT, model, "--format", format, "--precision=fp32", "--precision=int8", "--out", folder]
        shipped = "auto" if model == "efficienttam_nano" else "random"
        done = subprocess.run([*command, "--weights", shipped, "--json"], stdout=subprocess.PIPE, text=True, check=True)
        bundle = Bundle.open(json.loads(done.stdout)["path"])
        manifest = bundle.manifest
        (whole,) = manifest.compressions
        files = {(one.precision, one.graph): bundle.path / one.file for one in manifest.artifacts}
        inputs = {one.graph: one.inputs for one in manifest.artifacts}
        speeds = tuple(
            _speed(format, graph, files["int8", graph], files["fp32", graph], specs) for graph, specs in inputs.items()
        )
        speed = whole.model_copy(update={"speeds": speeds}).speed(TASKS[manifest.model.task].every_frame)
    graphs = {one.graph: one.full_ms / one.ms for one in speeds}
    return _row(model, format) | {"speed": speed, "graphs": graphs}


def limit(format: str) -> Row:
    """What plain products gain."""
    with tempfile.TemporaryDirectory() as folder:
        graph, few, full = products(format, Path(folder))
        one = _speed(format, graph.name, few, full, graph.inputs)
    return _row(LIMIT, format) | {"speed": one.full_ms / one.ms}


def _row(model: str, format: str) -> Row:
    cpu = machine().replace(" (", f", {AVX2} (", 1)
    return {"model": model, "format": format, "precision": "int8", "ranges": "usual", "cpu": cpu}


def _speed(format: str, graph: str, few: Path, full: Path, inputs: Sequence[TensorSpec]) -> Speed:
    random = np.random.default_rng(0)
    given: Mapping[str, np.ndarray] = {one.name: random.random(one.shape, np.float32) for one in inputs}
    calls = [backend(format).load(path, 1).prepared(given) for path in (few, full)]
    ms, full_ms = (one.latency.p50 for one in time_in_turns(calls, SECONDS))
    return Speed(graph=graph, ms=ms, full_ms=full_ms)


if __name__ == "__main__":
    sys.exit(main())
