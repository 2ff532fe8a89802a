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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from exporter.atomic.staging import staging
from exporter.backends.runner import Progress
from exporter.errors import EmulationError

SUITE, PYTHON = "bookworm", "3.11"
"""A Debian, and its Python."""
ARCHIVE = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""What the archive is signed with."""
EMULATOR = "qemu-aarch64-static"
PROGRAMS = {EMULATOR: "qemu-user-static", "apt-get": "apt", "dpkg": "dpkg"}
"""Program -> Debian's package of it."""
PACKAGES = (f"python{PYTHON}", "libstdc++6")
"""What the runtimes need of Debian; apt adds what these depend on."""
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


def prepare(progress: Progress | None = None) -> Root:
    """The root with the versions that are installed here, from the cache or made now.

    Raises `EmulationError` that says what to install, before anything is done.
    """
    versions = _versions()
    emulator = Path(_program(EMULATOR))
    folder = _cache() / f"arm64-{_key(versions)}"
    if not folder.exists():
        for program in PROGRAMS:
            _program(program)
        if not KEYRING.exists():
            raise EmulationError(f"Running arm64 code here needs {KEYRING}: apt-get install debian-archive-keyring.")
        if importlib.util.find_spec("pip") is None:
            raise EmulationError(
                "Running arm64 code here needs pip in this environment, to fetch wheels: python -m ensurepip."
            )
        _make(folder, versions, progress or (lambda what, share: None))
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
    content = json.dumps([SUITE, PACKAGES, sorted(versions.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _cache() -> Path:
    """Of the XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vitexport"


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise EmulationError(f"Running arm64 code here needs {name}: apt-get install {PROGRAMS[name]}.")
    return path


def _make(folder: Path, versions: Mapping[str, str], progress: Progress) -> None:
    """Make the root beside its place and move it there once complete."""
    with staging(folder.parent) as stage:
        beside = stage / folder.name
        beside.mkdir()
        progress("arm64: Debian", 0.0)
        for package in _download_debian(beside / "apt"):
            _run([_program("dpkg"), "-x", str(package), str(beside / "debian")], f"{package.name} cannot be unpacked")
        shutil.rmtree(beside / "apt")
        progress("arm64: the runtimes", 0.0)
        for wheel in _download_wheels(beside / "wheels", versions):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(beside / "packages")
        shutil.rmtree(beside / "wheels")
        (beside / "versions.json").write_text(json.dumps({"debian": SUITE, **versions}, indent=2) + "\n")
        try:
            beside.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was quicker, and its root is as good
                raise


def _download_debian(folder: Path) -> list[Path]:
    """Download Debian's packages for arm64, checked against its signatures, by an apt with settings of its own."""
    for name in ("etc/apt.conf.d", "etc/preferences.d", "lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {ARCHIVE} {SUITE} main\n")
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",  # its own user could not write here
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Dir::Cache": str(folder),
        "Dir::Etc": str(folder / "etc"),
        "Dir::State": str(folder),
        "Dir::State::status": str(folder / "status"),
    }
    (folder / "apt.conf").write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    for command in (["update", "--error-on=any"], ["install", "--yes", "--download-only", *PACKAGES]):
        _run(
            [_program("apt-get"), "--quiet", *command],
            "Debian's packages for arm64 cannot be downloaded",
            {"APT_CONFIG": str(folder / "apt.conf")},
        )
    return sorted((folder / "archives").glob("*.deb"))


def _download_wheels(folder: Path, versions: Mapping[str, str]) -> list[Path]:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp",
        "--abi", f"cp{PYTHON.replace('.', '')}", "--abi", "none", "--platform", "manylinux2014_aarch64",
        *(word for minor in GLIBC for word in ("--platform", f"manylinux_2_{minor}_aarch64")),
        "--dest", str(folder), *(f"{name}=={version}" for name, version in versions.items()),
    ]  # fmt: skip
    _run(command, "The runtimes' wheels for arm64 cannot be downloaded")
    return sorted(folder.glob("*.whl"))


def _run(command: Sequence[str], failure: str, environment: dict[str, str] | None = None) -> None:
    """Run a program, and all that it starts, to its end; raises `EmulationError` with `failure` and its complaint."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"LC_ALL": "C"} | (environment or {}),
        process_group=0,
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        lines = output.strip().splitlines() or ["it says nothing"]
        complaint = next((line for line in lines if line.startswith(("E: ", "ERROR: "))), lines[-1])
        raise EmulationError(f"{failure} ({complaint.partition(': ')[2] or complaint}).")
