"""What a smaller tracker learns from a larger one, its teacher, whose decoder and way to remember it has: the features
of images, and what attention to the memory makes of them.

Both are compared token by token, so that gradients need no decoder (arXiv 2501.07256 §3.3 adds such losses to those of
masks).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from exporter.graphs.normalisation import Normalisation
from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.reference import MaskPrompt, Memory, PointPrompt, Remembered, fused, prompt
from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD
from exporter.train.losses import difference
from exporter.train.objective import Batch, features_of
from exporter.train.precision import Products


class Imitation(nn.Module):
    """A tracker and how far it is from its teacher: a batch -> `features`, `memory` of clips, and `loss`, their sum.

    Each is the mean squared difference as a share of what varies.
    """

    def __init__(self, model: EfficientTAM, teacher: EfficientTAM, products: torch.dtype = torch.float32) -> None:
        """`products` is what matrix products are computed in."""
        super().__init__()
        self.model = model
        self.teachers = (teacher.eval().requires_grad_(False),)
        """Not registered as a part, for it is neither trained nor saved"""
        self.products = products
        self.normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        with Products(self.products):
            return self._losses(batch)

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        clips, objects, frames = batch.in_sight.shape
        images = batch.frames.float().flatten(0, 1)
        teacher = self.teachers[0].to(images.device)
        found = features_of(self.model, self.normalise, images)
        with torch.no_grad():
            wanted = features_of(teacher, self.normalise, images)
        losses = {"features": difference(found, wanted)}
        if frames > 1:
            each = [x.reshape(clips, frames, *x.shape[1:]).repeat_interleave(objects, dim=0) for x in (found, wanted)]
            how, prompts = _prompts(batch)

            def read(own: Tensor, teachers: Tensor, *given: Tensor) -> tuple[Tensor, Tensor]:
                return self._read(teacher, own, teachers, how(*given))

            losses["memory"] = difference(*torch.vmap(read)(*each, *prompts))
        return losses | {"loss": torch.stack([*losses.values()]).sum()}

    def _read(
        self, teacher: EfficientTAM, own: Tensor, teachers: Tensor, given: MaskPrompt | PointPrompt
    ) -> tuple[Tensor, Tensor]:
        """Of one object, features [T - 1, 1, C, g, g] after attention to what the teacher remembers, own and the
        teacher's, in all frames but the first; features before it are [T, 1, C, g, g]."""
        with torch.no_grad():
            memory = Memory({0: prompt(teacher, teachers[0], given)})
        found, wanted = [], []
        for frame in range(1, len(teachers)):
            found.append(fused(self.model, own[frame], frame, memory))
            with torch.no_grad():
                wanted.append(fused(teacher, teachers[frame], frame, memory))
                seen = teacher.predict(wanted[-1])
                remembered = teacher.remember(teachers[frame], seen.mask_logits, prompted=False)
            memory = memory.after(frame, Remembered(seen, remembered))
        return torch.stack(found), torch.stack(wanted)


def _prompts(batch: Batch) -> tuple[Callable[..., MaskPrompt | PointPrompt], tuple[Tensor, ...]]:
    """What makes a prompt of an object's tensors, and those of all objects."""
    if batch.masks is not None:
        return MaskPrompt, (batch.masks.float().flatten(0, 1)[:, None, None],)
    assert batch.points is not None
    assert batch.point_labels is not None
    return PointPrompt, (batch.points.flatten(0, 1)[:, None], batch.point_labels.flatten(0, 1)[:, None])
