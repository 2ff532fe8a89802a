"""With the base dependencies alone, without PyTorch and toolchains, what needs them says what to install."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
NO_TORCH = "torch is not installed, and this needs it: pip install 'vitexport[{}]'."


@pytest.fixture(scope="module")
def base_install(tmp_path_factory):
    """A folder with the base dependencies, and all that these need, and nothing else"""
    folder = tmp_path_factory.mktemp("base")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    seen = set()
    while wanted:
        name = re.match(r"[\w.-]+", wanted.pop())[0].lower()
        if name in seen:
            continue
        seen.add(name)
        found = metadata.distribution(name)
        wanted += [one for one in found.requires or () if "extra ==" not in one and "sys_platform" not in one]
        tops = {path.parts[0] for path in found.files if path.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            (folder / top).symlink_to(found.locate_file(top))
    return folder


@pytest.fixture
def said(base_install, tmp_path):
    """What Python with that alone writes on stderr before it exits with a code, line by line"""

    def run(code, *arguments):
        done = subprocess.run(
            [sys._base_executable, "-S", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": f"{base_install}:{ROOT}", "HOME": str(tmp_path)},
        )
        assert done.returncode == code
        return done.stderr.splitlines()

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("mobilevit_s", "--target", "iphone15"),
        ("lint", "mobilevit_s", "--target", "iphone15"),
        ("mobilevit_s", "--format", "all"),
    ],
)
def test_without_any_toolchain_the_command_line_says_what_installs_them(said, arguments):
    lines = said(2, "-c", "from exporter.cli import main; main()", *arguments)
    assert lines == ["vitexport: No toolchain is installed: pip install 'vitexport[all]'."]


@pytest.mark.parametrize("call", ["create_model('mobilevit_s')", "export('mobilevit_s', formats=['onnx'])"])
def test_without_torch_the_api_says_what_installs_it(said, call):
    lines = said(1, "-c", f"import exporter; exporter.{call}")
    assert lines[-1] == f"exporter.errors.MissingPackageError: {NO_TORCH.format('all')}"
    assert "During handling" not in "".join(lines)


def test_without_torch_the_mil_interpreter_says_what_installs_it(said, tmp_path):
    (tmp_path / "x.mlpackage").mkdir()
    np.savez(tmp_path / "i.npz", image=np.zeros(1))
    assert said(2, "-m", "exporter.mil", "x.mlpackage", "i.npz") == [f"exporter.mil: {NO_TORCH.format('coreml')}"]
