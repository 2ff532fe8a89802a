"""A tracker as programs of fixed shape: one that sees an image, two that take prompts, and one that follows an object.

All that a tracker remembers goes in and out through the signature. The memory has a slot for the prompted frame and one
for each age that a frame may have; attention does not mind the order of keys, and keys of empty slots are masked, so
fixed slots mean what the official memory of variable length means.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.graphs.capture import Part
from exporter.graphs.normalisation import Normalisation
from exporter.graphs.tasks import ENCODE_IMAGE, PROMPT_MASK, PROMPT_POINTS, TASKS, TRACK_FIRST, TRACK_STEP
from exporter.manifest import Kind, TensorSpec
from exporter.models.efficienttam.config import MEMORY_SLOTS, POINTER_SLOTS, POOL
from exporter.models.efficienttam.decoder import either, flag
from exporter.models.efficienttam.model import LOGITS_PER_TOKEN, EfficientTAM, MaskPrediction
from exporter.models.efficienttam.reference import Memory
from exporter.models.point_labels import ABSENT, BOTTOM_RIGHT, MOST_POINTS
from exporter.models.registry import Family

MASKED = -1e4
"""Added to a logit, it makes a key count for nothing; half precision can hold it beside any logit."""
STATE, WIRING = TASKS["track"].state, TASKS["track"].wiring
"""What is remembered of an object, as inputs; and for each output that is remembered, the input that it becomes."""


class EncodeImage(nn.Module):
    """RGB 0–255 [1, 3, S, S] -> features [1, C, S/16, S/16]"""

    def __init__(self, model: EfficientTAM, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.model = model
        self.normalise = Normalisation(mean, std)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"features": self.model(self.normalise(image))}


class PromptPoints(nn.Module):
    """Up to four points, in pixels of the S x S image, start an object anew.

    Labels are floats: 0 background, 1 object, 2 and 3 corners of a box, -2 for a point that is not there.
    """

    def __init__(self, model: EfficientTAM) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor, points: Tensor, labels: Tensor) -> dict[str, Tensor]:
        encoder = self.model.sam_prompt_encoder
        present = (labels - float(ABSENT)).clamp(0.0, 1.0)
        bias = F.pad((1.0 - present) * MASKED, (0, 1))  # the padding point that comes last is always there
        decoded = self.model.decode(
            self.model.without_memory(features), encoder.points(points, labels), encoder.no_mask(), bias
        )
        one_point = flag(present.sum(-1, keepdim=True) < 1.5)
        selected = either(one_point, decoded.best_of_three(), decoded.single())
        seen = self.model.prediction(selected, decoded.object_score)
        return _outputs(seen, *_started(self.model, features, seen))


class PromptMask(nn.Module):
    """A mask of zeros and ones [1, 1, S, S] starts an object anew."""

    kernel: Tensor
    border: Tensor

    def __init__(self, model: EfficientTAM) -> None:
        super().__init__()
        self.model = model
        kernel, border = antialiased_quarter(model.image_size)
        self.register_buffer("kernel", kernel)
        self.register_buffer("border", border)

    def forward(self, features: Tensor, mask: Tensor) -> dict[str, Tensor]:
        small = F.conv2d(mask, self.kernel, stride=LOGITS_PER_TOKEN, padding=2) * self.border
        seen = self.model.predict_from_mask(features, mask, small)
        return _outputs(seen, *_started(self.model, features, seen))


class TrackStep(nn.Module):
    """Find the object in the next frame, and remember it."""

    def __init__(self, model: EfficientTAM) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, features: Tensor, memory: Tensor, memory_valid: Tensor, pointers: Tensor, pointers_valid: Tensor
    ) -> dict[str, Tensor]:
        seen = self.model.predict(self.fused(features, memory, memory_valid, pointers, pointers_valid))
        new = self.model.remember(features, seen.mask_logits, prompted=False)
        one = torch.ones_like(memory_valid[:1])
        return _outputs(
            seen,
            _shifted(new, memory),
            _shifted(one, memory_valid),
            _shifted(seen.pointer, pointers),
            _shifted(one, pointers_valid),
        )

    def fused(
        self, features: Tensor, memory: Tensor, memory_valid: Tensor, pointers: Tensor, pointers_valid: Tensor
    ) -> Tensor:
        """Compute features [1, C, g, g] that have attended to all valid slots of the memory."""
        keys = memory.shape[1] // (POOL**2 if self.model.config.pooling else 1)
        bias = torch.cat([_masked(memory_valid, keys), _masked(pointers_valid, self.model.config.pointer_tokens)])
        return self.model.with_memory(features, memory, list(range(MEMORY_SLOTS)), pointers, bias[None, None, None])


class TrackFirst(TrackStep):
    """The step after a prompt, of a pooled model: a memory of one frame is not pooled."""

    def fused(
        self, features: Tensor, memory: Tensor, memory_valid: Tensor, pointers: Tensor, pointers_valid: Tensor
    ) -> Tensor:
        return self.model.with_memory(features, memory[-1:], [MEMORY_SLOTS - 1], pointers[-1:])


def _masked(valid: Tensor, keys: int) -> Tensor:
    """Flags [K] -> what is added to the logits of K * `keys` keys: 0, or `MASKED` where a flag is 0."""
    return ((1.0 - valid)[:, None] * valid.new_full((1, keys), MASKED)).flatten()


def _shifted(new: Tensor, slots: Tensor) -> Tensor:
    """The newest first, the oldest dropped, the last, which is the prompted frame's, kept."""
    return torch.cat([new, slots[:-2], slots[-1:]])


def _started(model: EfficientTAM, features: Tensor, seen: MaskPrediction) -> tuple[Tensor, ...]:
    """The state of an object of which only the prompted frame is known."""
    memory = model.remember(features, seen.mask_logits, prompted=True)
    one = torch.ones_like(seen.iou[0])
    return (
        F.pad(memory, (0, 0, 0, 0, MEMORY_SLOTS - 1, 0)),
        F.pad(one, (MEMORY_SLOTS - 1, 0)),
        F.pad(seen.pointer, (0, 0, POINTER_SLOTS - 1, 0)),
        F.pad(one, (POINTER_SLOTS - 1, 0)),
    )


def state_of(frame: int, memory: Memory) -> dict[str, Tensor]:
    """What the official algorithm remembers before frame number `frame`, as the state that goes into a graph.

    The object was prompted in one frame only.
    """
    (prompted,) = memory.prompted.values()
    newest = [memory.tracked[frame - age] for age in range(1, POINTER_SLOTS) if frame - age in memory.tracked]
    memories = [entry.memory for entry in newest[: MEMORY_SLOTS - 1]]
    pointers = [entry.prediction.pointer for entry in newest]
    state = (
        *_slots(memories, prompted.memory, MEMORY_SLOTS),
        *_slots(pointers, prompted.prediction.pointer, POINTER_SLOTS),
    )
    return dict(zip(STATE, state, strict=True))


def _slots(newest: list[Tensor], prompted: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The newest [1, ...] first, the prompted frame's last, and nothing between; and flags [count] of what is there."""
    empty = count - 1 - len(newest)
    flags = prompted.new_tensor([1.0] * len(newest) + [0.0] * empty + [1.0])
    return torch.cat([*newest, *[torch.zeros_like(prompted)] * empty, prompted]), flags


def _outputs(seen: MaskPrediction, *state: Tensor) -> dict[str, Tensor]:
    outputs = {"mask_logits": seen.mask_logits, "iou": seen.iou, "object_score": seen.object_score}
    return outputs | dict(zip(WIRING, state, strict=True))


def antialiased_quarter(size: int) -> tuple[Tensor, Tensor]:
    """An antialiased bilinear resize to a quarter, as a strided convolution of padding 2 and a factor.

    Returns the kernel [1, 1, 8, 8] and the factor [1, 1, size/4, size/4] that makes up for the weights that fall
    outside at the border.
    """
    triangle = torch.tensor([1, 3, 5, 7, 7, 5, 3, 1], dtype=torch.float64) / 32
    inside = torch.ones(size // LOGITS_PER_TOKEN, dtype=torch.float64)
    inside[0] = inside[-1] = triangle[2:].sum()
    kernel, border = torch.outer(triangle, triangle), 1 / torch.outer(inside, inside)
    return kernel.float()[None, None], border.float()[None, None]


def parts(model: EfficientTAM, family: Family) -> Mapping[str, Part]:
    """What becomes the graphs of a tracker, in the order in which an app meets them."""
    size, side = model.image_size, model.side
    channels, memory_channels = model.config.channels, model.config.memory_channels
    image = _spec("image", (1, 3, size, size), "NCHW", "image", "RGB", (0, 255))
    features = _spec("features", (1, channels, side, side), "NCHW", "features", "image features")
    points = _spec("points", (1, MOST_POINTS, 2), "NPC", "points", "points (x, y) in pixels of the image", (0, size))
    meaning = "0 background, 1 object, 2 and 3 corners of a box, -2 absent"
    labels = _spec("labels", (1, MOST_POINTS), "NP", "point_labels", meaning, (ABSENT, BOTTOM_RIGHT))
    mask = _spec("mask", (1, 1, size, size), "NCHW", "mask", "1 on the object, 0 elsewhere", (0, 1))
    state = {
        "memory": _spec(
            "memory", (MEMORY_SLOTS, side * side, memory_channels), "SNC", "memory", "frames remembered, newest first"
        ),
        "memory_valid": _spec("memory_valid", (MEMORY_SLOTS,), "S", "flags", "1 where a frame is remembered", (0, 1)),
        "pointers": _spec("pointers", (POINTER_SLOTS, channels), "SC", "pointers", "object pointers, newest first"),
        "pointers_valid": _spec("pointers_valid", (POINTER_SLOTS,), "S", "flags", "1 where there is a pointer", (0, 1)),
    }
    logits = side * LOGITS_PER_TOKEN
    outputs = (
        _spec("mask_logits", (1, 1, logits, logits), "NCHW", "mask_logits", "positive on the object"),
        _spec("iou", (1, 1), "NC", "score", "predicted IoU", (0, 1)),
        _spec("object_score", (1, 1), "NC", "score", "positive where the object is in sight"),
        *(state[following].model_copy(update={"name": name}) for name, following in WIRING.items()),
    )
    step = (features, *state.values())
    return {
        ENCODE_IMAGE: Part(EncodeImage(model, family.mean, family.std), (image,), (features,)),
        PROMPT_POINTS: Part(PromptPoints(model), (features, points, labels), outputs),
        PROMPT_MASK: Part(PromptMask(model), (features, mask), outputs),
        **({TRACK_FIRST: Part(TrackFirst(model), step, outputs)} if model.config.pooling else {}),
        TRACK_STEP: Part(TrackStep(model), step, outputs),
    }


def _spec(
    name: str,
    shape: tuple[int, ...],
    layout: str,
    kind: Kind,
    meaning: str,
    value_range: tuple[float, float] | None = None,
) -> TensorSpec:
    return TensorSpec(
        name=name, shape=shape, dtype="float32", layout=layout, value_range=value_range, kind=kind, meaning=meaning
    )
