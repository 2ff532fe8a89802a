"""Small graphs to quantise, and inputs for them."""

import numpy as np
import torch
from torch import nn

from exporter.graphs.capture import capture
from exporter.manifest import TensorSpec

SIZE = 8


def spec(name, shape, kind="features"):
    return TensorSpec(name=name, shape=shape, dtype="float32", layout="N" * len(shape), kind=kind, meaning="a test")


class TwoLayers(nn.Module):
    """A convolution and a classifier."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.head = nn.Linear(6, classes)

    def forward(self, image):
        return {"logits": self.head(nn.functional.gelu(self.conv(image)).mean((2, 3)))}


class Residual(nn.Module):
    """A convolution whose result is added to what it was given, without bias, and a depthwise one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1, bias=False)
        self.depthwise = nn.Conv2d(3, 3, 3, padding=1, groups=3)

    def forward(self, image):
        return {"features": self.depthwise(image + self.conv(image))}


class Summed(nn.Module):
    """A sum that no layer reads."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, image):
        return {"features": image + self.conv(image)}


def graph(module, kind="class_scores", shape=(1, 3, SIZE, SIZE)):
    module = module.eval().requires_grad_(False)
    (name, output), *_ = module(torch.zeros(shape)).items()
    return capture("small", module, (spec("image", shape, "image"),), (spec(name, tuple(output.shape), kind),))


def seeded(make):
    torch.manual_seed(0)
    return make()


def images(count, shape=(1, 3, SIZE, SIZE), seed=0):
    random = np.random.default_rng(seed)
    return [{"image": random.normal(size=shape).astype(np.float32)} for _ in range(count)]
