"""Files and folders take their places as one: all of them or none, whenever the process ends.

A single one takes its place in one step. For several, a journal says where each goes before the first is moved; what a
killed process has begun is finished from it by `finish`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from exporter.atomic.exchange import exchange
from exporter.atomic.locks import LOCK, locked

_JOURNAL = "journal"
"""Without an ending, which all results have that users name"""
_LARGEST_JOURNAL, _MOST_MOVES = 2**16, 16
"""Bytes and moves; the outputs of `track` are four"""

_PATIENCE = 60.0
"""Seconds for others who move things in the same folder, which takes them a moment. Anybody who may read a folder can
hold its lock for ever."""


@dataclass(frozen=True)
class _Move:
    """A file or folder on its way from the staging folder to a place beside that."""

    source: str
    """Its name in the staging folder"""
    target: str
    """The name of its place"""
    inode: int
    """Its number, which it keeps: where the target has it, the move is done"""


def move_all(stage: Path, places: Mapping[str, str]) -> None:
    """Move what lies in a staging folder to its places beside that: {name there: name in the folder around it}.

    What was there ends in the staging folder. All of it comes back, and `OSError` is raised, if one cannot be moved, or
    if somebody keeps the folder locked; an interrupt amidst it leaves the rest to whoever clears the staging folder.
    """
    moves = [_Move(source, target, (stage / source).lstat().st_ino) for source, target in places.items()]
    for move in moves:
        _make_durable(stage / move.source)
    with _alone_in(stage.parent):
        if len(moves) == 1 and _in_one_step(stage, moves[0]):
            return
        _write_journal(stage, moves)
        try:
            _carry_out(stage, moves)
        except OSError:
            _undo(stage, moves)
            _remove_journal(stage)
            raise


def finish(stage: Path) -> None:
    """Finish what was being moved from a staging folder; nothing if that had not begun. Raises `OSError`."""
    if _read_journal(stage):
        with _alone_in(stage.parent):
            _carry_out(stage, _read_journal(stage))


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else moves things in a folder meanwhile; raises `OSError` where somebody does for too long.

    To go on all the same could mix two sets of results: who holds the lock may be a process that was stopped amid it.
    """
    with locked(folder, _PATIENCE) as held:
        if held is False:
            raise OSError(errno.EBUSY, "Another program keeps this folder locked", str(folder))
        yield


def _in_one_step(stage: Path, move: _Move) -> bool:
    """Move a single one, if that takes one step here."""
    source, target = stage / move.source, stage.parent / move.target
    if not os.path.lexists(target):
        source.rename(target)
    elif not exchange(source, target):
        return False
    _sync(stage.parent)
    return True


def _carry_out(stage: Path, moves: Sequence[_Move]) -> None:
    """Make every move that has not been made yet, and forget the journal."""
    for move in moves:
        source, target = stage / move.source, stage.parent / move.target
        if _inode(source) != move.inode:
            continue
        if os.path.lexists(target) and not exchange(source, target):
            target.rename(_aside(stage, move))
        if _inode(source) == move.inode:
            source.rename(target)
    _sync(stage.parent)
    _remove_journal(stage)


def _undo(stage: Path, moves: Sequence[_Move]) -> None:
    for move in reversed(moves):
        source, target, aside = stage / move.source, stage.parent / move.target, _aside(stage, move)
        if _inode(target) == move.inode and os.path.lexists(source):
            exchange(source, target)
        elif _inode(target) == move.inode:
            target.rename(source)
        if os.path.lexists(aside):
            aside.rename(target)


def _aside(stage: Path, move: _Move) -> Path:
    """Where what was in a place waits, where it cannot be exchanged."""
    return stage / f"old-{move.source}"


def _write_journal(stage: Path, moves: Sequence[_Move]) -> None:
    draft = stage / f"{_JOURNAL}.new"
    draft.write_text(json.dumps({"begun": _begun(stage), "moves": [asdict(move) for move in moves]}))
    _sync(draft)
    draft.rename(stage / _JOURNAL)
    _sync(stage)


def _read_journal(stage: Path) -> list[_Move]:
    """The moves of a journal that was written here; none if there is no such journal.

    One that came with a copied or unpacked folder moves nothing: it does not know when that was unpacked.
    """
    journal = stage / _JOURNAL
    try:
        seen = journal.lstat()
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > _LARGEST_JOURNAL:
            return []
        written = json.loads(journal.read_bytes())
        moves = [_Move(**entry) for entry in written["moves"]]
        ours = written["begun"] == _begun(stage)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []
    return moves if ours and _are_possible(moves) else []


def _begun(stage: Path) -> list[int]:
    """The number of the lock's file, and when it was made, in ns: the system alone sets that time, whatever unpacks or
    copies files, and nothing that happens to the folder later changes it."""
    seen = (stage / LOCK).lstat()
    return [seen.st_ino, seen.st_ctime_ns]


def _are_possible(moves: Sequence[_Move]) -> bool:
    """Whether they are few, between names in the two folders, and no two from or to the same."""
    sources, targets = [move.source for move in moves], [move.target for move in moves]
    return (
        len(moves) <= _MOST_MOVES
        and all(map(_is_name, sources + targets))
        and len(set(sources)) == len(set(targets)) == len(moves)
    )


def _is_name(name: object) -> bool:
    """Whether it names something in a folder, not somewhere else."""
    return isinstance(name, str) and Path(name).name == name and name not in ("", "..")


def _remove_journal(stage: Path) -> None:
    (stage / _JOURNAL).unlink(missing_ok=True)
    _sync(stage)


def _inode(path: Path) -> int | None:
    """The number of a file or folder; None if there is none that could be moved."""
    try:
        return path.lstat().st_ino
    except OSError:
        return None


def _make_durable(path: Path) -> None:
    """Have the system write a file, or a folder with all that is in it, to the disk."""
    for inside in path.iterdir() if path.is_dir() and not path.is_symlink() else ():
        _make_durable(inside)
    if not path.is_symlink():
        _sync(path)


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # of a file system that does not do it for folders
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
