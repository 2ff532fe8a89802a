"""Imports point one way, toolchains stay where they belong, and files stay small enough to hold in one's head."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("device_profiles", "latency_db", "exporter")
"""Each package may import those before it."""

ROOMS = (
    "errors",
    "exit_codes",
    "printable",
    "faults",
    "telemetry",
    "budgets",
    "atomic",
    "paths",
    "mistaken_files",
    "toolchain_noise",
    "scratch",
    "manifest",
    "contents",
    "vectors",
    "media",
    "operations",
    "tracing",
    "models",
    "rewrites",
    "graphs",
    "quantise",
    "mil",
    "backends",
    "bundle",
    "publication",
    "worker",
    "bench",
    "inference",
    "verify",
    "calibration",
    "plan",
    "train",
    "lint",
    "latency",
    "report",
    "entries",
    "stages",
    "pipeline",
    "slim",
    "serve",
    "cli",
)
"""Each folder and module of `exporter` may import those before it. Whatever it needs of one after it is in the wrong
place: move that down, or what needs it up. `exporter/__init__.py`, the public API, is above them all."""

NO_ROOMS = {"__init__", "data"}
MOST_LINES = 400

TOOLCHAINS = {
    "coremltools": {
        "exporter/backends/coreml_compression.py",
        "exporter/backends/coreml_passes.py",
        "exporter/backends/coreml.py",
        "exporter/backends/executorch.py",  # which delegates to Core ML
        "exporter/mil/program.py",
    },
    "coreai": {"exporter/backends/coreai.py"},
    "coreai_torch": {"exporter/backends/coreai.py"},
    "executorch": {
        "exporter/backends/executorch.py",
        "exporter/backends/executorch_passes.py",
        "exporter/backends/executorch_quantisation.py",
    },
    "torchao": {"exporter/backends/executorch_quantisation.py"},
    "litert_converter": {"exporter/backends/tflite.py"},
    "litert_torch": {"exporter/backends/tflite.py", "exporter/backends/tflite_passes.py"},
    "ai_edge_litert": {
        "exporter/backends/tflite.py",
        "exporter/backends/tflite_file.py",
        "exporter/backends/tflite_quantisation.py",
        "exporter/verify/litert_gpu/runner.py",
    },
    "ai_edge_quantizer": {"exporter/backends/tflite_quantisation.py"},
    "onnx": {
        "exporter/backends/onnx.py",
        "exporter/backends/onnx_file.py",
        "exporter/backends/onnx_quantisation.py",
        "exporter/bench/kernels/onnx_blocks.py",
        "exporter/bench/kernels/onnx_kernels.py",
    },
    "onnxruntime": {
        "exporter/backends/onnx.py",
        "exporter/backends/onnx_quantisation.py",
        "exporter/bench/kernels/onnx_blocks.py",
    },
    "pillow_heif": {"exporter/media/photos/kinds.py"},
    "cryptography": {"exporter/serve/certificate.py"},
    "segno": {"exporter/serve/addresses.py"},
    "starlette": {"exporter/serve/answers.py", "exporter/serve/listening.py"},
    "uvicorn": {"exporter/serve/listening.py"},
}
"""Package -> the only files that import it."""

FITTED_WITH = {"pytorchcv", "scipy", "sklearn", "timm", "torch", "transformers"}
"""Packages that only `latency_db/fitting` imports"""


def sources(package: str, root: Path = ROOT) -> list[Path]:
    return sorted((root / package).rglob("*.py"))


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """Every module or name of one that a file imports, as "package.module.name"."""
    tree = ast.parse(path.read_text())
    found = set[str]()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: an import that begins with a dot hides where it points"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replaced":
            name = ast.literal_eval(node.args[0])  # which `exporter.tracing.replaced` imports
            found.add(name.replace(":", "."))
    return found


def packages(path: Path, top_level_only: bool = False) -> set[str]:
    """First components of the modules that a file imports."""
    return {name.partition(".")[0] for name in imports(path, top_level_only)}


def climbing(root: Path) -> Iterator[str]:
    """Imports in `exporter` of a room that comes later, or of the public API; also in functions and for types only."""
    for path in sources("exporter", root):
        place = path.relative_to(root / "exporter")
        room = place.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        earlier = ROOMS[: ROOMS.index(room) + 1]
        for name in imports(path):
            package, _, rest = name.partition(".")
            if package == "exporter" and rest.partition(".")[0] not in earlier:
                yield f"{place} imports {name}"


def module_imports(root: Path) -> dict[str, set[str]]:
    """Module of `exporter` -> those that it imports, wherever in its file."""
    paths = {".".join(p.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): p
             for p in sources("exporter", root)}  # fmt: skip
    graph = defaultdict[str, set[str]](set)
    for module, path in paths.items():
        for name in imports(path):
            target = name if name in paths else name.rpartition(".")[0]
            if target in paths and target != module:
                graph[module].add(target)
    return graph


def test_no_package_imports_one_that_builds_on_it():
    for position, package in enumerate(PACKAGES):
        for path in sources(package):
            assert not packages(path) & set(PACKAGES[position + 1 :]), path


def test_latency_tables_are_read_without_what_they_were_fitted_with():
    for path in sources("latency_db"):
        if path.is_relative_to(ROOT / "latency_db/fitting"):
            continue
        assert not packages(path) & FITTED_WITH, path
        assert not any(name.startswith("latency_db.fitting") for name in imports(path)), path


def test_every_room_has_its_place_in_the_order():
    rooms = {path.relative_to(ROOT / "exporter").parts[0].removesuffix(".py") for path in sources("exporter")}
    assert rooms - NO_ROOMS == set(ROOMS)


def test_a_room_imports_only_what_comes_before_it():
    assert not list(climbing(ROOT))


@pytest.mark.parametrize(
    "line",
    [
        "import exporter.cli",
        "import exporter.cli.tables as tables",
        "from exporter import pipeline",
        "from exporter.pipeline import export",
        "from exporter import export",
        "import exporter",
        "def later():\n    from exporter.pipeline import export",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from exporter.pipeline import export",
    ],
)
def test_an_import_that_climbs_is_found_wherever_it_stands(tmp_path, line):
    room = tmp_path / "exporter/verify/hosts"
    room.mkdir(parents=True)
    (room / "run.py").write_text(line)
    assert len(list(climbing(tmp_path))) == 1
    (room / "run.py").write_text(line.replace("pipeline", "bundle").replace("cli", "verify"))
    assert bool(list(climbing(tmp_path))) == (line in ("import exporter", "from exporter import export"))


def test_no_module_imports_one_that_imports_it():
    """Nor does it by way of others."""
    list(TopologicalSorter(module_imports(ROOT)).static_order())


def test_a_cycle_of_modules_is_found(tmp_path):
    (tmp_path / "exporter/media").mkdir(parents=True)
    for name, line in {
        "__init__": "",
        "images": "from exporter.media import video",
        "video": "def later():\n    from exporter.media.images import read",
    }.items():
        (tmp_path / f"exporter/media/{name}.py").write_text(line)
    with pytest.raises(CycleError):
        list(TopologicalSorter(module_imports(tmp_path)).static_order())


def test_a_toolchain_is_imported_in_its_own_backend_and_only_when_used():
    for path in sources("exporter"):
        name, ever, at_once = path.relative_to(ROOT).as_posix(), packages(path), packages(path, top_level_only=True)
        for toolchain, homes in TOOLCHAINS.items():
            assert toolchain not in ever or name in homes, f"{name} imports {toolchain}"
            assert toolchain not in at_once, f"{name} imports {toolchain} at once"


def test_every_home_of_a_toolchain_imports_it():
    for toolchain, homes in TOOLCHAINS.items():
        for name in homes:
            assert toolchain in packages(ROOT / name), f"{name} does not import {toolchain}"


def test_no_file_has_more_lines_than_one_can_hold_in_mind():
    files = (path for path in (ROOT / "exporter").rglob("*") if path.suffix in (".py", ".jinja", ".css", ".toml"))
    counts = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in files}
    assert {name: count for name, count in counts.items() if count > MOST_LINES} == {}


def test_importing_the_api_imports_no_torch():
    program = "import sys, exporter; exporter.list_models; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_every_public_name_is_there():
    import exporter

    assert all(getattr(exporter, name) for name in exporter.__all__)
