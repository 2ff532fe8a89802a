"""Ways to follow an object that need no training: what a trained tracker must be better than.

Each takes the frames of a clip, RGB uint8 [T, H, W, 3], and the object's true mask in the first one, bool [H, W],
where a trained tracker is given a single click, and gives masks of all frames [T, H, W].
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

Baseline = Callable[[np.ndarray, np.ndarray], np.ndarray]


def kept_still(frames: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The first mask, wherever the object goes."""
    return np.repeat(mask[None], len(frames), axis=0)


def cam_shift(frames: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The first mask, moved and scaled with the window that CamShift (Bradski 1998) finds for the object's colours."""
    histogram = _contrasted_histogram(cv2.cvtColor(frames[0], cv2.COLOR_RGB2HSV), mask)
    first = window = tuple(cv2.boundingRect(mask.astype(np.uint8)))
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 1)
    masks = [mask]
    for frame in frames[1:]:
        likely = _back_projection(cv2.cvtColor(frame, cv2.COLOR_RGB2HSV), histogram)
        box, found = cv2.CamShift(likely, window, stop)
        if box[1][0] > 2 and box[1][1] > 2:
            window = found
        masks.append(_fitted(mask, first, window))
    return np.array(masks)


def template_matching(frames: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The first mask, moved to where its part of the first frame correlates best with each other frame."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    template = frames[0][y : y + height, x : x + width]
    inside = np.repeat(mask[y : y + height, x : x + width, None], 3, axis=2).astype(np.uint8)
    masks = [mask]
    for frame in frames[1:]:
        likeness = cv2.matchTemplate(frame, template, cv2.TM_SQDIFF, mask=inside)
        _, _, (left, top), _ = cv2.minMaxLoc(likeness)
        masks.append(_fitted(mask, (x, y, width, height), (left, top, width, height)))
    return np.array(masks)


def optical_flow(frames: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The first mask, carried along by the dense optical flow from frame to frame (DIS, arXiv 1603.03590)."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    places = np.stack(np.meshgrid(*map(np.arange, mask.shape[::-1])), axis=-1).astype(np.float32)
    origins, masks = places, [mask]
    for before, now in pairwise(greys):
        back = places + flow.calc(now, before, None)
        origins = cv2.remap(origins, back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        masks.append(cv2.remap(mask.astype(np.float32), origins, None, cv2.INTER_LINEAR) > 0.5)
    return np.array(masks)


BASELINES: dict[str, Baseline] = {
    "first mask, kept still": kept_still,
    "colour histogram, CamShift": cam_shift,
    "template matching": template_matching,
    "optical flow (DIS)": optical_flow,
}


def _contrasted_histogram(hsv: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How much more frequent each colour is on the object than elsewhere, 0–255 [bins of hue, of saturation]."""
    own, all_ = (
        cv2.calcHist([hsv], [0, 1], chosen, [30, 32], [0, 180, 0, 256]) for chosen in (mask.astype(np.uint8), None)
    )
    return np.clip(255 * own / np.maximum(all_, 1), 0, 255)


def _back_projection(hsv: np.ndarray, histogram: np.ndarray) -> np.ndarray:
    return cv2.calcBackProject([hsv], [0, 1], histogram, [0, 180, 0, 256], 1)


def _fitted(mask: np.ndarray, window: tuple[int, ...], target: tuple[int, ...]) -> np.ndarray:
    """What of a mask is in a window (x, y, width, height), stretched to another."""
    (x, y, width, height), (left, top, across, down) = window, target
    matrix = np.array([[across / width, 0, left - x * across / width], [0, down / height, top - y * down / height]])
    return cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST).astype(bool)
