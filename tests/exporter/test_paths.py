"""Paths that users give: what cannot be read or written is said before any work, and nothing hangs."""

import os
import socket
import subprocess
import sys

import pytest

from exporter.atomic.staging import staging
from exporter.budgets import Budget
from exporter.errors import BundleError, ImageError, VideoError, VitexportError, WeightsError
from exporter.media.mask_files import read_masks
from exporter.media.photos.reading import read_photo
from exporter.media.videos.video import open_video
from exporter.models.weights.checkpoint_file import read_checkpoint
from exporter.paths import bytes_on_disk, check_input, check_name, check_output_file, check_output_folder
from tests.exporter.atomic.killed import in_fork

READERS = {read_checkpoint: WeightsError, read_photo: ImageError, read_masks: ImageError, open_video: VideoError}


def a_pipe(path):
    os.mkfifo(path)


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def an_endless_device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@pytest.mark.parametrize("make", [a_pipe, a_socket, an_endless_device], ids=lambda make: make.__name__)
def test_every_reader_refuses_what_is_no_file_without_opening_it(tmp_path, read, make):
    make(tmp_path / "a.png")
    with pytest.raises(READERS[read], match=r"a\.png is a (pipe|socket|device) and no file: save what comes from it"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_every_reader_refuses_a_name_that_cannot_be_one(tmp_path, read):
    for name in ("a\0.png", "x" * 300 + ".png"):
        with pytest.raises(READERS[read]):
            read(tmp_path / name)


def test_what_a_shell_pipes_in_is_refused():
    code = (
        "from exporter.errors import VitexportError\nfrom exporter.paths import check_input\n"
        "try:\n    check_input('/dev/stdin', VitexportError)\nexcept VitexportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=True)
    assert done.stdout == "/dev/stdin is a pipe and no file: save what comes from it, and pass that.\n"


def test_a_frame_that_is_no_file_is_refused_and_not_left_out(tmp_path):
    a_pipe(tmp_path / "frame1.png")
    with pytest.raises(ImageError, match=r"frame1\.png is a pipe"):
        open_video(tmp_path)


def test_a_link_to_a_file_is_read_as_the_file(tmp_path):
    (tmp_path / "file").write_bytes(b"1234")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    check_input(tmp_path / "link", VitexportError)
    with pytest.raises(VitexportError, match="link has 4 bytes, and at most 3 are taken"):
        check_input(tmp_path / "link", VitexportError, Budget("bytes", 3, "of a test"))


def test_holes_are_not_on_disk(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        file.write(b"1" * 2**16)
        file.truncate(2**30)
    assert 2**16 <= bytes_on_disk(tmp_path / "file") <= 2**20
    (tmp_path / "whole").write_bytes(b"1" * 100)
    assert bytes_on_disk(tmp_path / "whole") == 100


@pytest.mark.parametrize("name", ["a\0b", "caf\udce9"])
def test_a_name_that_no_result_could_hold_is_refused(name):
    with pytest.raises(BundleError, match="is no name of a file, with a NUL or bytes that are no UTF-8"):
        check_name(name, BundleError)


UNWRITABLE = {
    "/proc/vitexport": "cannot be written to",  # which refuses even root
    "/dev/null/build": "needs a folder where there is a file, /dev/null",
    "/tmp/" + "x" * 300: "is longer than names may be here",
    "/tmp/" + "x/" * 2040: "is longer than names may be here",
    "caf\udce9": "bytes that are no UTF-8",
}


def test_what_a_killed_process_left_where_results_go_is_removed(tmp_path):
    def killed() -> None:
        with staging(tmp_path):
            os._exit(9)

    for check in (lambda: check_output_folder(tmp_path, BundleError),
                  lambda: check_output_file(tmp_path / "tracked.mp4", VideoError)):  # fmt: skip
        assert in_fork(killed) == 9
        assert any(tmp_path.iterdir())
        check()
        assert not any(tmp_path.iterdir())


def test_a_file_system_without_a_limit_takes_every_name(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "pathconf", lambda path, name: -1)
    check_output_file(tmp_path / "tracked.mp4", VideoError)


@pytest.mark.parametrize(("folder", "complaint"), UNWRITABLE.items(), ids=UNWRITABLE.values())
def test_a_folder_that_takes_no_files_is_refused(folder, complaint):
    with pytest.raises(BundleError, match=complaint):
        check_output_folder(folder, BundleError)
    with pytest.raises(VideoError, match=complaint):
        check_output_file(f"{folder}/tracked.mp4", VideoError)


def test_a_folder_that_is_missing_is_left_to_be_made(tmp_path):
    check_output_folder(tmp_path / "a/b", BundleError)
    check_output_file(tmp_path / "a/b/tracked.mp4", VideoError)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(VideoError, match="is a folder: pass the name of a file"):
        check_output_file(tmp_path, VideoError)
