"""Gives hostile bundles to the command line, one after the other, and says what came of each."""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import sys
import time
import traceback
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.exporter.cli.command_line import run
from tests.exporter.cli.hostile_bundles import DAMAGED, FORGED, OUTSIDE, Copy


class Watched:
    """A folder outside of the bundles, of which it is known whether anything in it was opened (inotify(7))."""

    _OPENED = 0x20

    def __init__(self, folder: Path) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._events = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert library.inotify_add_watch(self._events, os.fsencode(folder), self._OPENED) > 0

    def opened(self) -> bool:
        """Whether anything was, since this was asked last."""
        try:
            return bool(os.read(self._events, 2**20))
        except BlockingIOError:
            return False


@dataclass(frozen=True)
class Good:
    """A bundle that is copied, and the commands that are tried on it: BUNDLE is a copy, GOOD itself."""

    bundle: Path
    weight: int
    """How often it is taken, compared with others"""
    commands: tuple[tuple[str, ...], ...]


def hostile(goods: list[Good], folder: Path, seed: int, count: int) -> Iterator[tuple[str, bool, list[str]]]:
    """(name, whether it is only damaged, a command for it) of so many, each there until the next is."""
    kinds = [*DAMAGED, *FORGED]
    for index in range(count):
        chance, make = random.Random(f"{seed} {index}"), kinds[index % len(kinds)]
        (good,) = chance.choices(goods, [good.weight for good in goods])
        path = folder / f"{index:03}-{make.__name__}"
        shutil.copytree(good.bundle, path, copy_function=os.link)
        make(Copy(path, chance))
        command = chance.choice(good.commands)
        words = {"BUNDLE": str(path), "GOOD": str(good.bundle)}
        yield path.name, make in DAMAGED, [words.get(word, word) for word in command]
        shutil.rmtree(path)


def outcomes(goods: list[Good], folder: Path, seed: int, count: int) -> Iterator[dict[str, Any]]:
    """What came of each: its exit code, what was said, and what is wrong with that."""
    (folder / OUTSIDE).mkdir()
    (folder / OUTSIDE / "secret").write_bytes(b"secret")
    watched = Watched(folder / OUTSIDE)
    for name, only_damaged, command in hostile(goods, folder, seed, count):
        watched.opened()
        begun = time.monotonic()
        try:
            done = run(*command)
            code, said, fault = done.returncode, done.stdout + done.stderr, fault_of(only_damaged, done)
        except Exception:
            code, said, fault = None, "", traceback.format_exc()
        if watched.opened():
            fault = "a file outside was opened"
        seconds = time.monotonic() - begun
        yield {"name": name, "command": command[0], "code": code, "said": said, "fault": fault, "seconds": seconds}


def fault_of(only_damaged: bool, done) -> str | None:
    """What is wrong with how a command ended; None if it is as promised."""
    said = done.stdout + done.stderr
    if only_damaged and done.returncode != 2:
        return f"altered content was accepted, with the exit code {done.returncode}"
    if done.returncode not in (0, 1, 2):
        return f"the exit code is {done.returncode}"
    if done.returncode == 2 and (
        done.stdout or not done.stderr.startswith("vitexport: ") or done.stderr.count("\n") != 1
    ):
        return "it was not refused in one sentence"
    unseen = {one for one in said if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co")} - {"\n"}
    return f"{unseen} reached the terminal" if unseen else None


def main() -> None:
    """FOLDER SEED COUNT, and the good bundles with their weights and commands as JSON on stdin."""
    folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    goods = [Good(Path(path), weight, tuple(map(tuple, lines))) for path, weight, lines in json.load(sys.stdin)]
    for outcome in outcomes(goods, folder, seed, count):
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
