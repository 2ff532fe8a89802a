"""Imports point one way, and toolchains stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDER = ("device_profiles", "latency_db", "exporter")
"""Each package may import those before it."""

TOOLCHAINS = {
    "coremltools": {
        "exporter/backends/coreml.py",
        "exporter/backends/executorch.py",  # which delegates to Core ML
        "exporter/mil/program.py",
    },
    "coreai": {"exporter/backends/coreai.py"},
    "coreai_torch": {"exporter/backends/coreai.py"},
    "executorch": {"exporter/backends/executorch.py"},
    "litert_torch": {"exporter/backends/tflite.py"},
    "ai_edge_litert": {"exporter/backends/tflite.py", "exporter/litert_gpu/runner.py"},
    "onnx": {"exporter/backends/onnx.py"},
    "onnxruntime": {"exporter/backends/onnx.py"},
}
"""Package -> the only files that import it."""


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """First components of the modules that a file imports."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in found}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def test_no_package_imports_one_that_builds_on_it():
    for position, package in enumerate(ORDER):
        for path in sources(package):
            assert not imports(path) & set(ORDER[position + 1 :]), path


def test_a_toolchain_is_imported_in_its_own_backend_and_only_when_used():
    for path in sources("exporter"):
        name = path.relative_to(ROOT).as_posix()
        for toolchain, homes in TOOLCHAINS.items():
            assert toolchain not in imports(path) or name in homes, f"{name} imports {toolchain}"
            assert toolchain not in imports(path, top_level_only=True), f"{name} imports {toolchain} at once"


def test_importing_the_api_imports_no_torch():
    program = "import sys, exporter; exporter.list_models; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_every_public_name_is_there():
    import exporter

    assert all(getattr(exporter, name) for name in exporter.__all__)
