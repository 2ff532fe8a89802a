"""The app's sources, by the real Swift compiler: all are parsed, and what needs no Apple framework is type-checked."""

from pathlib import Path

import pytest

from tests.apps.ios.compiler import swiftc
from tests.apps.ios.portable import EXECUTORCH, FILES, PORTABLE, STAND_INS
from tests.apps.ios.project import APP, SOURCES


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """A folder with the modules of TrackerCore and ExecuTorch"""
    folder = tmp_path_factory.mktemp("core")
    for name, sources in {
        "TrackerCore": sorted((APP / "TrackerCore" / "Sources").rglob("*.swift")),
        "ExecuTorch": [EXECUTORCH],
    }.items():
        module_options = ("-emit-module", "-module-name", name, "-emit-module-path", folder / f"{name}.swiftmodule")
        done = swiftc("-parse-as-library", *module_options, *sources, folder=folder)
        assert done.returncode == 0, done.stderr
    return folder


def type_checked(core: Path, files: list[Path]):
    return swiftc("-parse-as-library", "-typecheck", "-I", core, STAND_INS, *files, folder=core)


def test_every_file_parses(tmp_path):
    done = swiftc("-parse", *FILES, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_dropped_operand_does_not_parse(tmp_path):
    file = tmp_path / "Placement.swift"
    code = (SOURCES / "Overlay" / "Placement.swift").read_text()
    file.write_text(code.replace("1 - across", "1 -", 1))
    assert file.read_text() != code
    done = swiftc("-parse", file, folder=tmp_path)
    assert done.returncode != 0
    assert "error" in done.stderr


def test_what_needs_no_apple_framework_is_right_by_its_types_and_free_of_races(core):
    expected = {"Engine.swift", "ExecuTorchRunner.swift", "Opening.swift", "TrackModel.swift", "Workbench.swift"}
    assert expected <= {file.name for file in PORTABLE}
    done = type_checked(core, PORTABLE)
    assert done.returncode == 0, done.stderr
    assert "warning:" not in done.stderr, done.stderr  # such as a `try` where nothing throws


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("TrackModel.swift", "prompts: prompts", "prompt: prompts"),  # what TrackerCore does not have
        ("Workbench.swift", "@MainActor\n@Observable", "@Observable"),  # a race
        ("ExecuTorchRunner.swift", "try module.load(", "module.load("),  # an error that goes nowhere
    ],
)
def test_what_is_wrong_by_its_types_is_noticed(core, name, before, after):
    (right,) = (file for file in PORTABLE if file.name == name)
    wrong = core / name
    wrong.write_text(right.read_text().replace(before, after, 1))
    assert wrong.read_text() != right.read_text()
    done = type_checked(core, [file for file in PORTABLE if file != right] + [wrong])
    assert done.returncode != 0
    assert name in done.stderr
