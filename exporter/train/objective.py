"""What a tracker is trained for: losses on masks, predicted IoUs and object scores, in every frame of a clip.

A clip goes through the official algorithm of `exporter.models.efficienttam.reference`, with memories of the model's own
predictions. The model is written for one object; `torch.vmap` makes batches of it.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.graphs.normalisation import Normalisation
from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.decoder import Decoded
from exporter.models.efficienttam.layers import map_of, tokens_of
from exporter.models.efficienttam.model import LOGITS_PER_TOKEN
from exporter.models.efficienttam.reference import MaskPrompt, Memory, Remembered, fused
from exporter.models.efficienttam.reference import prompt as prompted
from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD
from exporter.train.corrections import corrected
from exporter.train.losses import DICE, FOCAL, difference, frame_losses
from exporter.train.precision import Products

_WEIGHTS = {"focal": FOCAL, "dice": DICE, "iou": 1.0, "score": 1.0}
"""Of the losses (arXiv 2408.00714 §D.2.1)"""
_AUXILIARY = 1.0
"""Weight of each that only helps to learn"""


@dataclass(frozen=True)
class Batch:
    """B clips of T frames with K objects each, which are in sight in the first frame; T may be 1."""

    frames: Tensor
    """RGB [B, T, 3, S, S], uint8"""
    targets: Tensor
    """How much of each mask pixel the object covers, in 0–255 [B, K, T, S/4, S/4], uint8"""
    in_sight: Tensor
    """1 where the object is in sight, else 0 [B, K, T], float32"""
    labels: Tensor
    """Number of the object that is seen at each mask pixel, 0 for the ground [B, T, S/4, S/4], uint8"""
    points: Tensor | None
    """Prompts of the first frame, (x, y) in pixels [B, K, P, 2], float32; None where masks are given"""
    point_labels: Tensor | None
    """[B, K, P], float32"""
    masks: Tensor | None
    """Zeros and ones [B, K, S, S], uint8"""
    corrections: int = 0
    """Clicks that are added where the answer to the points is wrong."""

    def to(self, device: torch.device) -> "Batch":
        moved: dict[str, Any] = {name: x.to(device) for name, x in vars(self).items() if isinstance(x, Tensor)}
        return replace(self, **moved)


class Grouping(nn.Module):
    """How well the image features tell which mask pixels belong together; a head for training only.

    A prompt asks for one object. This asks for all of them at once, at no click, so that the image encoder, which sees
    few pictures in a short training, learns from every pair of pixels.
    """

    _CHANNELS = 16
    _SAMPLES = 256
    """Pixels of each frame that are compared with each other, half of them on objects"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.embed = nn.Linear(channels, LOGITS_PER_TOKEN**2 * self._CHANNELS)
        self.scale = nn.Parameter(torch.tensor(8.0))
        self.bias = nn.Parameter(torch.tensor(-4.0))

    def forward(self, features: Tensor, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """`grouping`: cross-entropy of whether two pixels have the same label.

        Features [F, 1, C, g, g] of images [F, 3, S, S] with labels [F, 4g, 4g].
        """
        features = features[:, 0]
        embedded = F.pixel_shuffle(map_of(self.embed(tokens_of(features)), features.shape[-1]), LOGITS_PER_TOKEN)
        embedded, labels = embedded.flatten(2).float(), labels.flatten(1).long()
        on_object = (labels > 0).float()
        count = on_object.sum(-1, keepdim=True)
        chance = on_object / count.clamp(min=1) + (1 - on_object) / (labels.shape[1] - count).clamp(min=1)
        chosen = torch.multinomial(chance, self._SAMPLES, replacement=True)
        own = F.normalize(embedded.gather(2, chosen[:, None].expand(-1, embedded.shape[1], -1)), dim=1)
        names = labels.gather(1, chosen)
        alike = (names[:, :, None] == names[:, None]).float()
        logits = self.scale * own.transpose(1, 2) @ own + self.bias
        return {"grouping": F.binary_cross_entropy_with_logits(logits, alike)}


class Distillation(nn.Module):
    """How far image features are from those of a teacher, from which a slimmed tracker learns."""

    def __init__(self, teacher: EfficientTAM) -> None:
        super().__init__()
        self.teachers = (teacher.eval().requires_grad_(False),)
        """Not registered as a part, for it is neither trained nor saved"""
        self.normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)

    def forward(self, features: Tensor, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """`distillation`: the mean squared difference of features [F, 1, C, g, g], as a share of what varies."""
        with torch.no_grad():
            wanted = features_of(self.teachers[0].to(images.device), self.normalise, images)
        return {"distillation": difference(features, wanted)}


def features_of(model: EfficientTAM, normalise: Normalisation, images: Tensor) -> Tensor:
    """Features [F, 1, C, g, g] of images [F, 3, S, S]."""
    found: Tensor = torch.vmap(lambda image: model(normalise(image[None])))(images)
    return found


class TrackerObjective(nn.Module):
    """A tracker and its losses: a batch -> means of the losses over all that they apply to, and `loss`, their sum."""

    def __init__(
        self,
        model: EfficientTAM,
        products: torch.dtype = torch.float32,
        auxiliary: Grouping | Distillation | None = None,
    ) -> None:
        """`products` is what matrix products are computed in; `auxiliary` has losses of its own on image features."""
        super().__init__()
        self.model = model
        self.products = products
        self.auxiliary = auxiliary
        self.normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        with Products(self.products):
            return self._losses(batch)

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        clips, objects, frames = batch.in_sight.shape
        images = batch.frames.float().flatten(0, 1)
        encoded = features_of(self.model, self.normalise, images)
        features = encoded.reshape(clips, frames, *encoded.shape[1:]).repeat_interleave(objects, dim=0)
        targets = batch.targets.float().flatten(0, 1)[:, :, None, None] / 255
        known = (features, batch.in_sight.flatten(0, 1), targets)
        if batch.masks is not None:
            masks = batch.masks.float().flatten(0, 1)[:, None, None]
            losses = torch.vmap(self._from_mask)(*known, masks)
        else:
            assert batch.points is not None
            assert batch.point_labels is not None
            points, labels = batch.points.flatten(0, 1)[:, None], batch.point_labels.flatten(0, 1)[:, None]
            for _ in range(batch.corrections):
                with torch.no_grad():
                    logits = torch.vmap(self._answer)(features[:, 0], points, labels)
                points, labels = corrected(points, labels, logits, targets[:, 0])
            losses = torch.vmap(self._from_points)(*known, points, labels)
        in_sight = known[1] if batch.masks is None else known[1][:, 1:]
        focal, dice, iou, score, agreement = losses.unbind(-1)
        share = in_sight / in_sight.sum().clamp(min=1)
        means = {
            "focal": (focal * share).sum(),
            "dice": (dice * share).sum(),
            "iou": (iou * share).sum(),
            "score": score.mean(),
        }
        if self.auxiliary is not None:
            means |= self.auxiliary(encoded, images, batch.labels.flatten(0, 1))
        total = torch.stack([_WEIGHTS.get(name, _AUXILIARY) * value for name, value in means.items()]).sum()
        return means | {"agreement": (agreement * share).sum(), "loss": total}

    def _decoded(self, features: Tensor, points: Tensor, labels: Tensor) -> Decoded:
        encoder = self.model.sam_prompt_encoder
        return self.model.decode(self.model.without_memory(features), encoder.points(points, labels), encoder.no_mask())

    def _answer(self, features: Tensor, points: Tensor, labels: Tensor) -> Tensor:
        """Mask logits [1, 1, S/4, S/4] in the first frame."""
        decoded = self._decoded(features, points, labels)
        return (decoded.best_of_three() if points.shape[1] == 1 else decoded.single()).mask

    def _from_points(
        self, features: Tensor, in_sight: Tensor, targets: Tensor, points: Tensor, labels: Tensor
    ) -> Tensor:
        """Losses [T, 5] of one object that points [1, P, 2] say what it is."""
        decoded = self._decoded(features[0], points, labels)
        one_click = points.shape[1] == 1
        selected = decoded.best_of_three() if one_click else decoded.single()
        first = frame_losses(decoded, selected.mask, targets[0], in_sight[0], alternatives=one_click)
        if len(features) == 1:
            return first[None]
        seen = self.model.prediction(selected, decoded.object_score)
        start = Remembered(seen, self.model.remember(features[0], seen.mask_logits, prompted=True))
        return torch.cat([first[None], self._followed(features, in_sight, targets, start)])

    def _from_mask(self, features: Tensor, in_sight: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        """Losses [T - 1, 5] of one object whose mask [1, 1, S, S] is given."""
        return self._followed(features, in_sight, targets, prompted(self.model, features[0], MaskPrompt(mask)))

    def _followed(self, features: Tensor, in_sight: Tensor, targets: Tensor, start: Remembered) -> Tensor:
        """Losses [T - 1, 5] of all frames but the first."""
        model, encoder = self.model, self.model.sam_prompt_encoder
        memory = Memory({0: start})
        losses = []
        for frame in range(1, len(features)):
            decoded = model.decode(fused(model, features[frame], frame, memory), encoder.no_points(), encoder.no_mask())
            selected = decoded.best_of_three()
            losses.append(frame_losses(decoded, selected.mask, targets[frame], in_sight[frame], alternatives=True))
            seen = model.prediction(selected, decoded.object_score)
            remembered = model.remember(features[frame], seen.mask_logits, prompted=False)
            memory = memory.after(frame, Remembered(seen, remembered))
        return torch.stack(losses)
