"""Results take their places as one: old or new, never a mixture and never none, whenever the process is killed."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from exporter.atomic import publishing
from exporter.atomic.publishing import move_all
from exporter.atomic.staging import staging
from tests.exporter.atomic.killed import contents, in_fork, killed_everywhere

SET = ("video.mp4", "video-masks", "video.json")
"""What is published together; the second is a folder."""


@pytest.fixture(params=["exchange", "no exchange"])
def file_system(request, monkeypatch) -> str:
    """One that lets two paths change places, and one that does not."""
    if request.param == "no exchange":
        monkeypatch.setattr(publishing, "exchange", lambda one, other: False)
    return request.param


def write(folder: Path, text: str, names=SET) -> None:
    for name in names:
        if "." in name:
            (folder / name).write_text(text)
        else:
            (folder / name).mkdir()
            (folder / name / f"{text}-0").write_text(text)
            (folder / name / f"{text}-1").write_text(text)


def publish(folder: Path, text: str, names=SET) -> None:
    with staging(folder) as stage:
        write(stage, text, names)
        move_all(stage, {name: name for name in names})


def whole(text: str, names=SET) -> dict[str, str]:
    """What a folder holds after `publish`."""
    files = [[name] if "." in name else [f"{name}/{text}-0", f"{name}/{text}-1"] for name in names]
    return dict.fromkeys((name for each in files for name in each), text)


def emptied(folder: Path) -> None:
    for name in list(contents(folder)):
        (folder / name).unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()


def test_new_ones_take_the_places_of_old_ones(tmp_path, file_system):
    for text in ("old", "new"):
        publish(tmp_path, text)
        assert contents(tmp_path) == whole(text)


def test_a_folder_gives_way_to_a_file_and_the_other_way_round(tmp_path, file_system):
    for names in (("a", "b.c"), ("a.c", "b")):
        with staging(tmp_path) as stage:
            write(stage, "new", names)
            move_all(stage, dict(zip(names, ("one", "other"), strict=True)))
    assert (tmp_path / "one").read_text() == "new"
    assert len(list((tmp_path / "other").iterdir())) == 2


@pytest.mark.parametrize("names", [("bundle",), SET], ids=["one folder", "several"])
@pytest.mark.parametrize("before", ["", "old"], ids=["first time", "replacing"])
def test_wherever_it_is_killed_the_next_run_finds_all_old_or_all_new(tmp_path, file_system, names, before):
    def prepare() -> None:
        emptied(tmp_path)
        if before:
            write(tmp_path, before, names)

    seen = set()
    for _ in killed_everywhere(prepare, lambda: publish(tmp_path, "new", names)):
        if before and file_system == "exchange":
            assert all((tmp_path / name).exists() for name in names), "something is missing for a moment"
            if len(names) == 1:
                shown = {text for name, text in contents(tmp_path).items() if not name.startswith(".")}
                assert len(shown) == 1, "a reader sees a mixture"
        with staging(tmp_path):
            pass
        now = contents(tmp_path)
        assert now in ({}, whole("new", names)) if not before else now in (whole("old", names), whole("new", names))
        assert not any(path.name.startswith(".") for path in tmp_path.iterdir())
        seen.add(frozenset(now.values()))
    assert len(seen) == 2, "it was killed both before and after"


def test_what_finishes_it_may_be_killed_too(tmp_path, file_system):
    """Killed amid the moves, then anywhere in the run that would finish them: the one after that does."""

    def killed_amid() -> None:
        emptied(tmp_path)
        write(tmp_path, "old")
        with staging(tmp_path) as stage:
            write(stage, "new")
            real = os.fsync

            def last(descriptor: int, done=[]) -> None:  # noqa: B006
                done.append(descriptor)
                real(descriptor)
                if (stage / "journal").exists():
                    os._exit(9)

            os.fsync = last
            move_all(stage, {name: name for name in SET})

    def finish() -> None:
        with staging(tmp_path):
            pass

    killed = 0
    for _ in killed_everywhere(lambda: in_fork(killed_amid), finish):
        killed += 1
        finish()
        assert contents(tmp_path) == whole("new")
    assert killed > 20


def test_an_interrupt_amid_it_lets_it_be_finished(tmp_path, monkeypatch, file_system):
    write(tmp_path, "old")
    real, done = Path.rename, []

    def interrupted(self: Path, target: Path) -> Path:
        moved = real(self, target)
        done.append(target)
        if target.name == "journal":
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, "new")
    assert contents(tmp_path) == whole("new")


def test_results_may_be_called_as_what_is_beside_them_in_the_staging_folder(tmp_path, file_system):
    names = ("journal.json", "journal-masks", "lock.json")
    for text in ("old", "new"):
        publish(tmp_path, text, names)
        assert contents(tmp_path) == whole(text, names)


def test_one_that_cannot_be_moved_brings_the_others_back(tmp_path, file_system):
    write(tmp_path, "old")
    with pytest.raises(OSError, match="too long"), staging(tmp_path) as stage:
        write(stage, "new")
        move_all(stage, {name: name if name != SET[-1] else "x" * 300 for name in SET})
    assert contents(tmp_path) == whole("old")


def test_two_processes_that_publish_the_same_are_never_mixed(tmp_path):
    def many(text: str) -> None:
        for _ in range(30):
            publish(tmp_path, text)

    processes = []
    for text in ("a", "b", "c"):
        process = os.fork()
        if process == 0:
            try:
                many(text)
                os._exit(0)
            finally:
                os._exit(1)
        processes.append(process)
    assert [os.waitpid(process, 0)[1] for process in processes] == [0, 0, 0]
    assert contents(tmp_path) in [whole(text) for text in ("a", "b", "c")]


def test_what_was_not_made_replaces_nothing(tmp_path):
    write(tmp_path, "old")
    with pytest.raises(FileNotFoundError), staging(tmp_path) as stage:
        write(stage, "new", SET[:2])
        move_all(stage, {name: name for name in SET})
    assert contents(tmp_path) == whole("old")


@pytest.fixture
def lock_of_another(tmp_path):
    """The lock of the folder that is published in, as anybody may hold it who may read that."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def test_who_holds_the_folder_for_a_moment_is_waited_for(tmp_path, lock_of_another):
    later = threading.Timer(0.3, lambda: fcntl.flock(lock_of_another, fcntl.LOCK_UN))
    later.start()
    publish(tmp_path, "new")
    later.join()
    assert contents(tmp_path) == whole("new")


@pytest.mark.parametrize("names", [("bundle",), SET], ids=["one folder", "several"])
def test_who_holds_the_folder_for_ever_stops_nobody_for_ever(tmp_path, monkeypatch, lock_of_another, names):
    monkeypatch.setattr(publishing, "_PATIENCE", 0.1)
    write(tmp_path, "old", names)
    with pytest.raises(OSError, match="Another program keeps this folder locked"):
        publish(tmp_path, "new", names)
    assert contents(tmp_path) == whole("old", names)
