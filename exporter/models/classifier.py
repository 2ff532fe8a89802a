"""What every image classifier has in common: its input contract and the two halves of its forward pass."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from exporter.errors import InputShapeError
from exporter.models.model import Model


class Classifier(Model):
    """Normalised image [B, in_channels, S, S] -> logits [B, num_classes].

    Families implement `forward_features` (the last stage's output, before any final norm) and `forward_head`.
    """

    num_classes: int
    heads: ClassVar[tuple[str, ...]] = ("head.fc",)
    """Modules whose weights have a row for each class. The logits are the mean of theirs, so that the first stands for
    one that a checkpoint lacks."""
    any_size: ClassVar[bool] = False
    """Whether one instance takes every size, or only the `image_size` that its bias tables were built for."""

    def __init__(self, image_size: int, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.image_size, self.in_channels, self.num_classes = image_size, in_channels, num_classes
        self.multi_label = num_classes == 1  # it has no others to be judged against

    @property
    def summary(self) -> str:
        """What it was built for, for messages."""
        return (
            f"{type(self).__name__} with {self.num_classes} classes and {self.in_channels} input channels "
            f"at {self.image_size} pixels"
        )

    def in_head(self, key: str) -> bool:
        """Whether an entry of the state dict has a row for each class."""
        return key.rpartition(".")[0] in self.heads

    @abstractmethod
    def forward_features(self, x: Tensor) -> Tensor:
        """Compute the last stage's output from a normalised image."""

    @abstractmethod
    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Turn the last stage's output into logits [B, num_classes], or into pooled features [B, C] if `pre_logits`."""

    def forward(self, x: Tensor) -> Tensor:
        self._check_input(x.shape)
        return self.forward_head(self.forward_features(x))

    def _check_input(self, shape: torch.Size) -> None:
        size = (self.in_channels, *(shape[2:] if self.any_size else (self.image_size, self.image_size)))
        if len(shape) != 4 or tuple(shape[1:]) != size:
            spatial = "any height and width" if self.any_size else f"{self.image_size}x{self.image_size} pixels"
            raise InputShapeError(
                f"{type(self).__name__} takes [batch, {self.in_channels}, H, W] with {spatial}, not {list(shape)}; "
                "create the model with the image_size and in_channels you want to feed."
            )
