"""Files and folders that appear complete or not at all: made beside their place, and moved there at the end."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent` to build a bundle in; it vanishes unless `publish` has moved it.

    So do `parent` and the folders above it that were made for it, if nothing was put there.
    """
    made = [path for path in (parent, *parent.parents) if not path.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f".vitexport-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # the first that is not empty ends it
            for path in made:
                path.rmdir()


def move_all(moves: Mapping[Path, Path]) -> None:
    """Move files or folders to their places; what was there gives way only to all of them together, or comes back."""
    with staging(next(iter(moves.values())).parent) as old:
        aside = {path: old / str(index) for index, path in enumerate(moves.values()) if path.exists()}
        try:
            for source, target in (*aside.items(), *moves.items()):
                source.rename(target)
        except BaseException:
            # Backwards, whatever has been moved by now: an interrupt may have come after any of the moves.
            for source, target in reversed((*aside.items(), *moves.items())):
                if target.exists() and not source.exists():
                    target.rename(source)
            raise
