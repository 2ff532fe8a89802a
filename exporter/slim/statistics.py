"""Running statistics of batch norms, counted anew for one architecture: those of a supernet are not its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def recalibrate(model: nn.Module, batches: list[Tensor]) -> None:
    """Means and variances over normalised images [B, 3, S, S], each batch counting alike; the model is left in eval."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over batches
        norm.train()
    for images in batches:
        model(images)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.eval()
