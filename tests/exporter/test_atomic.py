"""Files and folders that appear complete or not at all."""

from pathlib import Path

import pytest

from exporter.atomic import move_all, staging


def test_staging_leaves_nothing_behind_when_it_is_interrupted(tmp_path):
    with pytest.raises(KeyboardInterrupt), staging(tmp_path) as folder:
        (folder / "half").write_text("")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_folders_that_were_made_for_what_never_came_vanish(tmp_path):
    with pytest.raises(KeyboardInterrupt), staging(tmp_path / "a" / "b"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_folders_that_somebody_else_uses_meanwhile_stay(tmp_path):
    with pytest.raises(KeyboardInterrupt), staging(tmp_path / "a" / "b"):
        (tmp_path / "a" / "theirs").write_text("")
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]


def test_what_is_staged_is_on_the_same_file_system_and_hidden(tmp_path):
    with staging(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".")


@pytest.fixture
def places(tmp_path) -> dict[Path, Path]:
    """New files and where they are to go; two of the three places are taken."""
    moves = {}
    for name in ("a", "b", "c"):
        (tmp_path / f"new-{name}").write_text("new")
        if name != "c":
            (tmp_path / name).write_text("old")
        moves[tmp_path / f"new-{name}"] = tmp_path / name
    return moves


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_what_is_moved_takes_the_place_of_what_was_there(places, tmp_path):
    move_all(places)
    assert contents(tmp_path) == {"a": "new", "b": "new", "c": "new"}


@pytest.mark.parametrize("moves", range(5))
def test_an_interrupt_after_any_move_brings_everything_back(places, tmp_path, monkeypatch, moves):
    """Two are put aside, and three moved in."""
    before, done = contents(tmp_path), []

    def interrupted(self: Path, target: Path, rename=Path.rename) -> Path:
        moved = rename(self, target)
        done.append(target)
        if len(done) == moves + 1:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        move_all(places)
    assert contents(tmp_path) == before
