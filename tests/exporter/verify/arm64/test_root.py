"""What running arm64 code needs, and the system made for it: a mistake is one sentence, and no half is left behind."""

import json
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from exporter.errors import EmulationError
from exporter.verify.arm64 import root
from exporter.verify.arm64.root import EMULATOR, PROGRAMS, prepare
from tests.exporter.cli.command_line import run
from tests.processes import gone


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A path of programs that do nothing, and a cache that is empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        program(folder, name, "exit 0")
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setattr(root, "KEYRING", keyring)
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_the_root_holds_the_versions_that_are_installed_here(arm64):
    held = json.loads((arm64.path / "versions.json").read_text())
    for name in ("onnxruntime", "ai-edge-litert", "numpy"):
        assert held[name] == version(name)
        assert list(arm64.packages.glob(f"{name.replace('-', '_')}-{held[name]}.dist-info"))


def test_a_root_that_is_there_is_not_made_again(arm64, monkeypatch):
    monkeypatch.setenv("PATH", str(arm64.emulator.parent))
    monkeypatch.setattr(root, "ARCHIVE", "http://nowhere.invalid/")
    assert prepare() == arm64


@pytest.mark.parametrize(("missing", "package"), PROGRAMS.items())
def test_a_missing_program_is_named_with_its_package(programs, monkeypatch, missing, package):
    (programs / missing).unlink()
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(EmulationError, match=f"needs {missing}: apt-get install {package}\\.$"):
        prepare()


def test_a_missing_keyring_is_named_with_its_package(programs, tmp_path):
    (tmp_path / "keyring.gpg").unlink()
    with pytest.raises(EmulationError, match="apt-get install debian-archive-keyring"):
        prepare()


def test_a_download_that_fails_is_one_sentence_and_leaves_nothing(programs, tmp_path):
    program(programs, "apt-get", "echo 'Get:1 stable'; echo 'E: Could not resolve deb.debian.org'; exit 100")
    with pytest.raises(EmulationError, match=r"cannot be downloaded \(Could not resolve deb\.debian\.org\)\.$"):
        prepare()
    assert not (tmp_path / "cache").exists()


def test_an_interrupted_build_leaves_nothing_and_ends_what_it_started(programs, tmp_path):
    child = tmp_path / "child"
    program(programs, "apt-get", f"sleep 600 & echo $! > {child}; wait")
    call = (
        "import signal\nfrom pathlib import Path\nfrom exporter.verify.arm64 import root\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # tests in the background inherit none
        f"root.KEYRING = Path({str(programs)!r})\nroot.prepare()"
    )
    process = subprocess.Popen([sys.executable, "-c", call], stderr=subprocess.DEVNULL)
    while not (child.exists() and child.read_text().strip()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) != 0
    assert not (tmp_path / "cache").exists()
    assert gone(int(child.read_text()))


def test_the_command_line_says_what_is_missing(bundles, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("verify", str(bundles["mobilevit"].path), "--arch", "arm64")
    assert done.returncode == 2
    assert done.stderr == f"vitexport: Running arm64 code here needs {EMULATOR}: apt-get install qemu-user-static.\n"
