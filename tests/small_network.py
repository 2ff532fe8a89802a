"""A network of a few layers that every format takes, for what is quantised and timed in seconds."""

from functools import cache

import numpy as np
import torch
from torch import nn

from exporter.backends.runner import Arrays
from exporter.graphs.capture import Graph, capture
from exporter.manifest import TensorSpec

IMAGE, LOGITS = (
    TensorSpec(name=name, shape=shape, dtype="float32", kind=kind, layout=layout, value_range=None, meaning="")
    for name, shape, kind, layout in (
        ("image", (1, 3, 32, 32), "image", "NCHW"),
        ("logits", (1, 1000), "class_scores", "NC"),
    )
)


class Network(nn.Module):
    """Convolutions of both kinds, what stands between them, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, 2, 1)
        self.first = nn.Conv2d(64, 256, 1)
        self.depthwise = nn.Conv2d(256, 256, 3, 1, 1, groups=256)
        self.second = nn.Conv2d(256, 64, 1)
        self.head = nn.Linear(64, 1000)

    def forward(self, image):
        x = self.stem(image / 128 - 1)
        x = x + self.second(nn.functional.gelu(self.depthwise(nn.functional.gelu(self.first(x)))))
        return {"logits": self.head(x.mean((2, 3)))}


@cache
def network() -> Graph:
    """Captured, with the weights of a seed."""
    torch.manual_seed(0)
    return capture("classify", Network().eval(), (IMAGE,), (LOGITS,))


def pictures(seed: int, count: int = 8) -> list[Arrays]:
    """Noise, as inputs of it."""
    random = np.random.default_rng(seed)
    return [{"image": random.uniform(0, 255, IMAGE.shape).astype(np.float32)} for _ in range(count)]
