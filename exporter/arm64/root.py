"""The arm64 system that artefacts run in: Debian's Python and the runtimes' own wheels, unpacked in the cache.

Nothing in it is installed or started, so it takes no privileges to make.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from exporter.bundle import staging
from exporter.errors import EmulationError

Step = Callable[[str, float], None]
"""What is being done, and the share that is done."""

SUITE, PYTHON = "bookworm", "3.11"
"""A Debian, and its Python."""
EMULATOR = "qemu-aarch64-static"
PACKAGES = {EMULATOR: "qemu-user-static", "debootstrap": "debootstrap", "dpkg": "dpkg", "gpgv": "gpgv"}
"""Program -> Debian's package of it."""
RUNTIMES = ("onnxruntime", "ai-edge-litert")
LOADERS = ("numpy", "pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection")
"""What our own loaders import besides."""
GLIBC = range(17, 37)
"""Minor versions of glibc 2 whose wheels run on that Debian, whose own is 2.36."""


@dataclass(frozen=True)
class Root:
    path: Path
    emulator: Path

    @property
    def debian(self) -> Path:
        return self.path / "debian"

    @property
    def python(self) -> Path:
        return self.debian / f"usr/bin/python{PYTHON}"

    @property
    def packages(self) -> Path:
        """Where the wheels are unpacked."""
        return self.path / "packages"


def prepare(progress: Step | None = None) -> Root:
    """The root with the versions that are installed here, from the cache or made now.

    Raises `EmulationError` that says what to install, before anything is done.
    """
    step, versions = progress or (lambda what, share: None), _versions()
    emulator = Path(_program(EMULATOR))
    folder = _cache() / f"arm64-{_key(versions)}"
    if not folder.exists():
        for program in PACKAGES:
            _program(program)
        if importlib.util.find_spec("pip") is None:
            raise EmulationError(
                "Running arm64 code here needs pip in this environment, to fetch wheels: python -m ensurepip."
            )
        _make(folder, versions, step)
    return Root(folder, emulator)


def _versions() -> dict[str, str]:
    """Distribution -> installed version, of the runtimes that are here, and what loads them."""
    versions = {name: metadata.version(name) for name in LOADERS}
    for name in RUNTIMES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # the format is not covered then, and its verification says so
    return versions


def _key(versions: Mapping[str, str]) -> str:
    content = json.dumps([SUITE, sorted(versions.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _cache() -> Path:
    """Of the XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vitexport"


def _search_path() -> str:
    """debootstrap, and what it calls, are where a user's own path may not lead."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def _program(name: str) -> str:
    path = shutil.which(name, path=_search_path())
    if path is None:
        raise EmulationError(f"Running arm64 code here needs {name}: apt-get install {PACKAGES[name]}.")
    return path


def _make(folder: Path, versions: Mapping[str, str], step: Step) -> None:
    """Make the root beside its place and move it there once complete."""
    with staging(folder.parent) as beside:
        _download_debian(beside / "downloads", lambda line: step(f"arm64: {line}", 0.0))
        for deb in sorted((beside / "downloads/var/cache/apt/archives").glob("*.deb")):
            step(f"arm64: {deb.name.partition('_')[0]}", 0.0)
            _run([_program("dpkg"), "-x", str(deb), str(beside / "debian")], f"{deb.name} cannot be unpacked")
        shutil.rmtree(beside / "downloads")
        step("arm64: the runtimes", 0.0)
        _download_wheels(beside / "wheels", versions)
        for wheel in (beside / "wheels").iterdir():
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(beside / "packages")
        shutil.rmtree(beside / "wheels")
        (beside / "versions.json").write_text(json.dumps({"debian": SUITE, **versions}, indent=2) + "\n")
        try:
            beside.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was quicker, and its root is as good
                raise


def _download_debian(folder: Path, on_line: Callable[[str], None]) -> None:
    """Download the packages of a minimal system with Python, checked against Debian's signatures."""
    command = [
        _program("debootstrap"), "--arch=arm64", "--variant=minbase", "--include=python3", "--download-only",
        "--force-check-gpg", SUITE, str(folder),
    ]  # fmt: skip
    _run(command, "Debian's packages for arm64 cannot be downloaded", on_line)


def _download_wheels(folder: Path, versions: Mapping[str, str]) -> None:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp",
        "--abi", f"cp{PYTHON.replace('.', '')}", "--abi", "none", "--platform", "manylinux2014_aarch64",
        *(word for minor in GLIBC for word in ("--platform", f"manylinux_2_{minor}_aarch64")),
        "--dest", str(folder), *(f"{name}=={version}" for name, version in versions.items()),
    ]  # fmt: skip
    _run(command, "The runtimes' wheels for arm64 cannot be downloaded")


def _run(command: Sequence[str], failure: str, on_line: Callable[[str], None] = lambda line: None) -> None:
    """Run a program to its end, and all that it starts; raises `EmulationError` with `failure` and its complaint."""
    environment = os.environ | {"PATH": _search_path(), "LC_ALL": "C"}
    said = [""]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        process_group=0,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said.append(line.strip())
                on_line(said[-1].removeprefix("I: "))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        complaint = next((line for line in said if line.startswith(("E: ", "ERROR: "))), said[-1])
        raise EmulationError(f"{failure} ({complaint.removeprefix('E: ').removeprefix('ERROR: ')}).")
