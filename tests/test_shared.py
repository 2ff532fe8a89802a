"""What takes long to make is made once, however many need it at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from tests.shared import made_once


def test_of_several_that_need_it_one_makes_it_and_the_others_wait(tmp_path):
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        sleep(0.1)
        (folder / "file").write_text("whole")

    def needed(_: int) -> str:
        return (made_once(tmp_path / "thing", make) / "file").read_text()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(needed, range(4))) == ["whole"] * 4
    assert len(made) == 1


def test_what_could_not_be_made_is_tried_again(tmp_path):
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the maker's own
        made_once(tmp_path / "thing", fail)
    assert not (tmp_path / "thing").exists()
    assert list(made_once(tmp_path / "thing", lambda folder: (folder / "file").touch()).iterdir()) == [
        tmp_path / "thing" / "file"
    ]
