"""Where results are made: hidden, and gone with all that was not published, whatever ends the work."""

import json
import os
import signal

import pytest

from exporter.atomic.staging import staging
from tests.exporter.atomic.killed import contents, in_fork, killed_everywhere, signal_before


def test_an_interrupt_leaves_nothing_behind(tmp_path):
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


def test_it_is_hidden_on_the_same_file_system_and_nobody_elses(tmp_path):
    with staging(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".")
        assert folder.stat().st_mode & 0o777 == 0o700


def half_done(folder) -> None:
    with staging(folder) as stage:
        (stage / "folder").mkdir()
        (stage / "folder" / "half").write_text("")


def test_a_second_interrupt_waits_until_all_is_gone(tmp_path):
    """Ctrl-C once more, before each of the calls that clear the folder after the first."""

    def interrupted_twice(call: int) -> None:
        with staging(tmp_path / "out") as stage:
            (stage / "half").write_text("")
            signal_before(call, signal.SIGINT)
            raise KeyboardInterrupt

    for call in range(20):
        assert in_fork(lambda call=call: interrupted_twice(call)) == 130
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_while_all_is_cleared_comes_through_afterwards(tmp_path, number, code):
    """Before each of the calls that clear the folder of work that is done."""

    def interrupted(call: int) -> None:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(143 if not any(tmp_path.iterdir()) else 1))
        with staging(tmp_path) as stage:
            (stage / "half").write_text("")
            signal_before(call, number)

    call = 0
    while (ended := in_fork(lambda call=call: interrupted(call))) != 0:
        assert ended == code
        assert list(tmp_path.iterdir()) == []
        call += 1
    assert call > 5


def test_what_a_killed_process_left_goes_with_the_next_run_there(tmp_path):
    left = 0
    for _ in killed_everywhere(lambda: None, lambda: half_done(tmp_path)):
        left += any(tmp_path.iterdir())
        with staging(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []
    assert left > 5


def test_what_another_process_works_in_stays(tmp_path):
    with staging(tmp_path) as theirs:
        (theirs / "half").write_text("theirs")
        assert in_fork(lambda: half_done(tmp_path)) == 0
        assert (theirs / "half").read_text() == "theirs"


def test_what_looks_like_a_forgotten_one_and_is_somebody_elses_stays(tmp_path):
    """A link, and a file: neither was made here."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.tex").write_text("")
    out = tmp_path / "out"
    out.mkdir()
    (out / ".vitexport-0123abcd").symlink_to(precious)
    (out / ".vitexport-file").write_text("")
    with staging(out):
        pass
    assert contents(tmp_path) == {"precious/thesis.tex": "", "out/.vitexport-file": ""}


@pytest.fixture
def unpacked(tmp_path):
    """A hidden folder that came from elsewhere, beside a report: gives the right beginning and move of its journal."""
    (tmp_path / "report").write_text("precious")
    folder = tmp_path / ".vitexport-0123abcd"
    folder.mkdir()
    for name in ("new", "lock"):
        (folder / name).write_text("forged")
    lock = (folder / "lock").stat()
    move = {"source": "new", "target": "report", "inode": (folder / "new").stat().st_ino}
    return folder, [lock.st_ino, lock.st_ctime_ns], move


def written(folder, journal) -> dict[str, str]:
    """What there is after the next run, if the folder has this journal."""
    (folder / "journal").write_text(journal if isinstance(journal, str) else json.dumps(journal))
    with staging(folder.parent):
        pass
    return contents(folder.parent)


def test_a_journal_that_knows_when_its_folder_was_made_is_carried_out(unpacked):
    folder, begun, move = unpacked
    assert written(folder, {"begun": begun, "moves": [move]}) == {"report": "forged"}


@pytest.mark.parametrize("by", [1, -1, 4_000_000, -1_000_000_000])
def test_one_that_came_with_a_folder_and_guesses_when_that_was_unpacked_moves_nothing(unpacked, by):
    folder, (number, when), move = unpacked
    assert written(folder, {"begun": [number, when + by], "moves": [move]}) == {"report": "precious"}


@pytest.mark.parametrize("count", [2, 100_000])
def test_one_that_tries_many_numbers_of_files_moves_nothing(unpacked, count):
    folder, begun, move = unpacked
    numbers = [move | {"inode": move["inode"] - place} for place in range(count)]
    assert written(folder, {"begun": begun, "moves": numbers}) == {"report": "precious"}


@pytest.mark.parametrize(("others", "report"), [(15, "forged"), (16, "precious")])
def test_one_of_more_moves_than_any_results_have_moves_nothing(unpacked, others, report):
    folder, begun, move = unpacked
    moves = [move, *({"source": f"{place}", "target": f"{place}", "inode": 1} for place in range(others))]
    assert written(folder, {"begun": begun, "moves": moves}) == {"report": report}


@pytest.mark.parametrize("change", [{"inode": 1}, {"target": "../report"}, {"target": ""}, {"source": 1}, {"more": 1}])
def test_one_that_is_wrong_moves_nothing(unpacked, change):
    folder, begun, move = unpacked
    assert written(folder, {"begun": begun, "moves": [move | change]}) == {"report": "precious"}


@pytest.mark.parametrize("journal", ["", "[" * 60_000, "[]", "{}", '{"moves": 1}', '{"moves": [], "begun": null}'])
def test_what_is_no_journal_moves_nothing(unpacked, journal):
    assert written(unpacked[0], journal) == {"report": "precious"}


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_a_journal_that_is_no_file_keeps_nobody(unpacked, make):
    folder, _, _ = unpacked
    make(folder / "journal")
    with staging(folder.parent):
        pass
    assert contents(folder.parent) == {"report": "precious"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_forgotten_folder_of_another_user_stays(tmp_path):
    theirs = tmp_path / ".vitexport-0123abcd"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    with staging(tmp_path):
        pass
    assert theirs.is_dir()
