"""The size that a file's header states, beside the file's own."""

import pytest

from exporter.media.videos.promised_bytes import promised_bytes
from tests.exporter.media.videos.clips import Stream, flat_frames, mux

pytest.importorskip("av")


@pytest.mark.parametrize(
    ("name", "codec"),
    [("clip.mkv", "libx264"), ("clip.webm", "libvpx-vp9"), ("clip.wmv", "wmv2"), ("clip.flv", "flv")],
)
def test_a_whole_file_has_what_it_promises(tmp_path, name, codec):
    path = mux(tmp_path / name, Stream(codec, flat_frames()))
    assert promised_bytes(path) == path.stat().st_size


def test_a_recording_that_was_never_finished_promises_nothing(tmp_path):
    path = mux(tmp_path / "clip.mkv", Stream("libx264", flat_frames()), live="1")
    assert promised_bytes(path) is None


@pytest.mark.parametrize(
    "content", [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3" + bytes(99), b"FLV\x01", b"FLV\0\x08filesize\0"]
)
def test_nor_does_what_is_none_of_these(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert promised_bytes(tmp_path / "file") is None
