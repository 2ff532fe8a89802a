"""Clicks that say where an answer is wrong (arXiv 2408.00714 §D.2.1)."""

import torch
from torch import Tensor

from exporter.models.efficienttam.config import PATCH
from exporter.models.efficienttam.model import LOGITS_PER_TOKEN
from exporter.models.point_labels import BACKGROUND, FOREGROUND


def corrected(points: Tensor, labels: Tensor, logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Points [O, 1, P, 2] and labels [O, 1, P] of O objects with one click more, somewhere in what their logits
    [O, 1, 1, h, w] have wrong; where nothing is wrong, it is a click on the object.
    """
    object_, inside = (truth > 0.5).flatten(1), (logits > 0).flatten(1)
    wrong = object_ != inside
    wrong = torch.where(wrong.any(-1, keepdim=True), wrong, object_)
    place = (torch.rand_like(truth).flatten(1) + wrong.float()).argmax(-1, keepdim=True)
    width, pixel = truth.shape[-1], PATCH // LOGITS_PER_TOKEN
    click = torch.stack([place % width, place // width], dim=-1) * pixel + (pixel - 1) / 2
    label = torch.where(object_.gather(-1, place), float(FOREGROUND), float(BACKGROUND))
    return torch.cat([points, click[:, None].to(points)], dim=2), torch.cat([labels, label[:, None].to(labels)], dim=2)
