"""The web app, built, and served by `vitexport serve app` in a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from exporter.serve.site import APP
from tests.exporter.cli.command_line import VITEXPORT
from tests.shared import made_once

SOURCES = Path(__file__).parent.parent / "apps/web"
LAST_LINE = "Ctrl-C ends it."
"""That `vitexport serve app` prints"""


def node_environment() -> dict[str, str]:
    """One in which Node is found, which comes with the Python packages."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def built_app(shared: Path) -> Path:
    """The folder of the app, which is built first where its sources are newer, as `make app` does."""
    with FileLock(shared / "app.lock"):
        if _newest_source() > _built():
            if not (SOURCES / "node_modules/vite").is_dir():
                pytest.fail("what the app is built with is not installed: run `make app`")
            environment = node_environment()
            command = [shutil.which("npm", path=environment["PATH"]), "run", "--silent", "build"]
            subprocess.run(command, cwd=SOURCES, env=environment, check=True, stdout=subprocess.DEVNULL)
    return APP


def built_engine_page(shared: Path) -> Path:
    """The folder of the page on which tests use the app's engine without the app."""

    def build(to: Path) -> None:
        environment = node_environment()
        npx = shutil.which("npx", path=environment["PATH"])
        command = [npx, "vite", "build", "--config", "tests/engine_page/vite.config.ts", "--outDir", to]
        done = subprocess.run(command, cwd=SOURCES, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(shared / "engine page", build)


def _newest_source() -> float:
    inner = (file for folder in ("src", "public") for file in (SOURCES / folder).rglob("*"))
    return max(file.stat().st_mtime for file in (*inner, *SOURCES.glob("*.*")) if file.is_file())


def _built() -> float:
    index = APP / "index.html"
    return index.stat().st_mtime if index.is_file() else 0.0


@dataclass(frozen=True)
class Served:
    """A running server."""

    printed: str
    process: subprocess.Popen[str]

    @property
    def urls(self) -> list[str]:
        """That it printed, the one for this machine first; no slash at their ends."""
        return [word for word in self.printed.split() if "://" in word]

    @property
    def port(self) -> int:
        return int(self.urls[0].rpartition(":")[2])


@contextmanager
def serving(*arguments: str | Path, **variables: str) -> Iterator[Served]:
    """`vitexport serve app` on a free port, with more `variables` in its environment, and, unless they name one, a
    user's data directory of its own; at the end, that it complained of nothing."""
    command = [*VITEXPORT, "serve", "app", "--port", "0", *map(str, arguments)]

    def as_in_a_terminal() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs, and so their children, ignore SIGINT

    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"XDG_DATA_HOME": data} | variables,
            preexec_fn=as_in_a_terminal,
        )
        try:
            yield Served(_printed(process), process)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, ""), (process.returncode, complaints)


def _printed(process: subprocess.Popen[str]) -> str:
    """All that it prints before it serves."""
    lines = list[str]()
    while not lines or lines[-1] != f"{LAST_LINE}\n":
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        lines.append(line)
    return "".join(lines)
