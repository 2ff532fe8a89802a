"""From camera pixels to what a model was trained on; inside every graph, so that no app has to do it."""

import torch
from torch import Tensor, nn


class Normalisation(nn.Module):
    """RGB 0–255 [1, 3, H, W] -> mean 0, variance 1 over the data that the model was trained on."""

    gain: Tensor
    offset: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """`mean` and `std` of RGB in 0–1."""
        super().__init__()
        gain = 1 / (255 * torch.tensor(std, dtype=torch.float64))
        offset = -torch.tensor(mean, dtype=torch.float64) / torch.tensor(std, dtype=torch.float64)
        self.register_buffer("gain", gain.float().reshape(1, -1, 1, 1))
        self.register_buffer("offset", offset.float().reshape(1, -1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        return image * self.gain + self.offset
