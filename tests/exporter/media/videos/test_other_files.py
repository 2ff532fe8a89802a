"""What is passed as a video and is none: each a sentence that says what it is and what to do."""

import wave

import numpy as np
import pytest
from PIL import Image

from exporter.errors import VideoError
from exporter.media.videos.video import open_video
from tests.exporter.media.videos.clips import Stream, mux, noise

av = pytest.importorskip("av")


def refusal(path):
    with pytest.raises(VideoError) as caught:
        open_video(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is an empty file: copy or download it again."),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
         "is a git-lfs pointer instead of the file: fetch it with `git lfs pull`."),
        (b"<!DOCTYPE html><html>404</html>", "is a web page and no video: download the video itself."),
        (b'{"error": 404}', "is a text of JSON: pass the video that it is about."),
        (b"PK\x03\x04" + bytes(60), "is a zip archive: unpack it and pass the file inside."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip"])
def test_what_comes_in_place_of_a_video_is_called_what_it_is(tmp_path, content, sentence, name):
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name) == f"{tmp_path / name} {sentence}"


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("jpg", "JPEG"),
        ("png", "PNG"),
        ("webp", "WebP"),
        ("bmp", "BMP"),
        ("tiff", "TIFF"),
        ("jp2", "JPEG 2000"),
        ("ppm", "PNM"),
        ("avif", "AVIF"),
    ],
)
@pytest.mark.parametrize("size", [(48, 64), (480, 640)])
def test_a_photo_is_called_what_it_is(tmp_path, suffix, kind, size):
    Image.fromarray(noise(*size, 1)[0]).save(tmp_path / f"photo.{suffix}")
    path = (tmp_path / f"photo.{suffix}").rename(tmp_path / "photo.mp4")
    assert refusal(path) == f"{path} is a {kind} picture: pass a video, or a folder of frames."


def test_so_is_that_of_a_phone(tmp_path):
    """FFmpeg would show the first of its tiles."""
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(noise(48, 64, 1)[0])).save(tmp_path / "photo.heic")
    assert "is a HEIC picture: pass a video, or a folder of frames." in refusal(tmp_path / "photo.heic")


def test_pictures_that_are_videos_are_read(tmp_path):
    frames = noise(48, 64, 2)
    for name, codec, pixels in [("clip.apng", "apng", "rgb24"), ("clip.mjpeg", "mjpeg", "yuvj420p")]:
        assert len(list(open_video(mux(tmp_path / name, Stream(codec, frames, pixels=pixels))))) == 2


def test_one_that_is_damaged_is_called_so(tmp_path):
    (tmp_path / "clip.gif").write_bytes(b"GIF89a")
    assert "is damaged or no video" in refusal(tmp_path / "clip.gif")


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "mp3"), ("a.flac", "flac"), ("a.aac", "aac"), ("a.m4a", "aac"), ("a.aiff", "pcm_s16be"),
     ("a.caf", "pcm_s16le"), ("a.au", "pcm_s16be"), ("a.mka", "aac"), ("a.ac3", "ac3"), ("a.opus", "libopus"),
     ("a.w64", "pcm_s16le")],
)  # fmt: skip
def test_sound_has_no_video_stream(tmp_path, name, codec):
    with av.open(tmp_path / name, "w") as container:
        stream = container.add_stream(codec, rate=48000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        silence.sample_rate, silence.pts = 48000, 0
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    assert f"{name} has no video stream" in refusal(tmp_path / name)


def test_nor_has_a_wave_file(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    assert "a.wav has no video stream, only sound; pass a file with moving pictures in it." in refusal(
        tmp_path / "a.wav"
    )
