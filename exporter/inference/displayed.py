"""Prompts in pixels as a player shows a video, in those of its frames: not the same where pixels are not square."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from exporter.inference.prompts import Prompt
from exporter.media.videos.video import Video


def in_frame(prompt: Prompt, video: Video) -> Prompt:
    """A prompt as the video is displayed -> the same in pixels of its frames; raises `PromptError`.

    A mask may have either size: drawn over what a player shows, or over a frame as tools extract it.
    """
    frame = (video.width, video.height)
    if video.displayed == frame or (prompt.mask is not None and prompt.mask.shape == frame[::-1]):
        prompt.check(*frame)
        return prompt
    prompt.check(*video.displayed)
    if prompt.mask is not None:
        mask = Image.fromarray(prompt.mask).resize(frame, Image.Resampling.NEAREST)
        return replace(prompt, mask=np.asarray(mask, np.bool_))
    across, down = (stored / shown for stored, shown in zip(frame, video.displayed, strict=True))
    left, top, right, bottom = prompt.box or (0, 0, 0, 0)
    return replace(
        prompt,
        points=[(x * across, y * down) for x, y in prompt.points],
        box=prompt.box and (left * across, top * down, right * across, bottom * down),
    )
