"""Small clips for the tests of media."""

from fractions import Fraction

import numpy as np

from exporter.media.videos.writing import video_writer

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40), (120, 120, 120)]


def flat_frames(height=48, width=64):
    return [np.full((height, width, 3), colour, np.uint8) for colour in COLOURS]


def noise(height, width, count):
    random = np.random.default_rng(0)
    return list(random.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def cornered(height=48, width=64):
    """Black, but for a white square in the first corner."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[:16, :16] = 255
    return frame


def write(path, frames, fps=25.0, **options):
    with video_writer(path, fps, frames[0].shape[1], frames[0].shape[0], **options) as writer:
        for frame in frames:
            writer.write(frame)
    return path


class Stream:
    """One for `mux`, as other programs write it: any codec, times, aspect and matrix."""

    def __init__(self, codec, frames, ticks=None, pixels="yuv420p", fps=25, **settings):
        self.codec, self.frames, self.pixels, self.fps, self.settings = codec, frames, pixels, fps, settings
        self.ticks = range(len(frames)) if ticks is None else ticks
        """When each frame is shown, in 1 / fps"""
        self.size = settings.pop("size", frames[0].shape[:2] if len(frames) else (48, 64))


_QUICK = {
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libx264": {"preset": "veryfast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
}


def mux(path, *streams, cover=None, **options):
    """A video file of these streams, one after the other, in the container that its name says; `cover` is a JPEG."""
    import av

    with av.open(path, "w", options=options) as container:
        made = []
        if cover is not None:
            container.add_attachment("cover.jpg", "image/jpeg", cover)
        for one in streams:
            stream = container.add_stream(one.codec, rate=one.fps, options=_QUICK.get(one.codec))
            stream.height, stream.width = one.size
            stream.pix_fmt = one.pixels
            if "matrix" in one.settings:
                stream.set_display_matrix(one.settings["matrix"])
            if "disposition" in one.settings:
                stream.disposition = one.settings["disposition"]
            stream.metadata.update(one.settings.get("metadata", {}))
            for name in ("sample_aspect_ratio", "max_b_frames"):
                if name in one.settings:
                    setattr(stream.codec_context, name, one.settings[name])
            made.append(stream)
        for one, stream in zip(streams, made, strict=True):
            for frame, tick in zip(one.frames, one.ticks, strict=True):
                picture = av.VideoFrame.from_ndarray(frame).reformat(format=one.pixels)
                picture.pts, picture.time_base = tick, Fraction(1, one.fps)
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
    return path
