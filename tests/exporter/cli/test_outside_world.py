"""What commands touch outside: no network, and no file but what was asked for."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import exporter
from exporter.backends import FORMATS, backend, installed
from exporter.media.images import sample_photo
from tests.system_programs import require

COMMANDS = """
import sys
from exporter.cli import main
from exporter.scratch import scratch
with scratch():
    for line in {lines!r}:
        sys.argv = ["vitexport", *line]
        try:
            main()
        except SystemExit as ended:
            assert ended.code == 0, line
"""
"""One process runs several, so that toolchains are imported once. They remember the first one's temporary folder, and
make that again."""

WRITING = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat"
OPENED = re.compile(r"(?:open|openat|creat)\(.*O_(?:WRONLY|RDWR|CREAT|TMPFILE).*\) = \d+<(.+)>$")
MADE = re.compile(r"(?:mkdir|rename|link|symlink|mknod)\w*\(.*\) = 0$")


@dataclass(frozen=True)
class Traced:
    """What processes asked the system for, and the folders that they had."""

    calls: list[str]
    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def bundle(self) -> Path:
        """What was exported, written elsewhere and put here when it was whole."""
        return self.out / "efficientformer_l1-host-32px-untrained"

    def written(self) -> set[Path]:
        """Every file or folder that was made, or opened to be written."""
        found = {Path(match[1]) for call in self.calls if (match := OPENED.search(call))}
        for call in self.calls:
            if MADE.search(call):
                found |= {self.folder / "current" / path for path in re.findall(r'"([^"]+)"', call)}
        return found


@pytest.fixture(scope="module")
def traced(tmp_path_factory, tracker_bundle, clip):
    """An export of every format that is installed, its verification, a run, and objects followed by a tracker."""
    strace = require("strace")
    folder = tmp_path_factory.mktemp("traced")
    for name in ("home", "temporary", "current", "calls"):
        (folder / name).mkdir()
    traced = Traced([], folder)
    made = str(traced.bundle)
    formats = [argument for name in FORMATS if installed(backend(name)) for argument in ("--format", name)]
    small = ["--image-size", "32", "--weights", "random", "--workers", "1"]
    lines = [
        ["efficientformer_l1", *small, *formats, "--out", str(traced.out)],
        ["verify", made],
        ["run", made, str(sample_photo("china.jpg"))],
        ["track", str(tracker_bundle.path), clip, "--point", "32,24", "--out", str(traced.out / "tracked.mp4")],
    ]
    done = subprocess.run(
        [
            *(strace, "--follow-forks", "--seccomp-bpf", "--output-separately", "--decode-fds=path", "--quiet=all"),
            *("-e", f"trace=%network,{WRITING}", "-o", folder / "calls" / "of"),
            *(sys.executable, "-c", COMMANDS.format(lines=lines)),
        ],
        cwd=folder / "current",
        # Nothing else of this environment: toolchains report less where they see a build server. Whether Python keeps
        # bytecode beside sources is for whoever installed them to say.
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(exporter.__file__).parents[1]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "temporary"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for file in (folder / "calls").iterdir():
        traced.calls.extend(file.read_text().splitlines())
    return traced


def test_no_socket_leaves_the_machine(traced):
    families = {match[1] for call in traced.calls if (match := re.match(r"socket\((\w+)", call))}
    assert families <= {"AF_UNIX"}, "for instance of the name service's cache"


def test_nothing_is_written_but_what_was_asked_for_and_what_is_gone_afterwards(traced):
    written = traced.written()
    assert any(path.is_relative_to(traced.out) for path in written)
    assert any(path.is_relative_to(traced.folder / "temporary") for path in written)
    left = {path for path in written if path.exists() and not path.is_relative_to(traced.out)}
    assert left <= {Path("/dev/null")}


def test_neither_home_nor_temporary_files_nor_the_current_folder_keep_anything(traced):
    for name in ("home", "temporary", "current"):
        assert list((traced.folder / name).iterdir()) == []


def test_verifying_writes_nothing_into_a_bundle(traced):
    assert {path for path in traced.written() if traced.bundle in path.parents} == set()
