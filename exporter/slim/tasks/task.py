"""What a slimming run needs of a task: networks that are trained for it, and how good they are."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from exporter.slim.architecture import Architecture, Space
from exporter.slim.supernets.supernet import Supernet


class Judge(Protocol):
    """Of the architectures of a supernet."""

    def __call__(self, architecture: Architecture) -> float:
        """How good it is, in 0–1, on what a search chooses by."""

    def shown(self, architecture: Architecture) -> float:
        """On the same, in the task's measure or what comes nearest to it, for people."""

    def calibrated(self, architecture: Architecture) -> nn.Module:
        """Its module with its supernet's weights, ready to be used."""


class Task(Protocol):
    """Of one model and its data."""

    @property
    def space(self) -> Space: ...

    @property
    def measure(self) -> str:
        """What `accuracy` gives, such as "accuracy" or "J&F" """

    @property
    def classes(self) -> tuple[str, ...]:
        """Names in the order of the logits, if there are any"""

    @property
    def trained_on(self) -> str:
        """In words"""

    @property
    def skipped(self) -> tuple[str, ...]:
        """Files that could not be learnt from"""

    def parent(self) -> nn.Module:
        """The model with nothing taken away, trained."""

    def supernet(self, parent: nn.Module) -> tuple[Supernet, Architecture]:
        """A trained one, and where a search begins."""

    def judge(self, supernet: Supernet) -> Judge: ...

    def tuned(self, name: str, model: nn.Module, teacher: nn.Module) -> nn.Module:
        """An architecture's model, trained on with its parent as the teacher."""

    def accuracy(self, model: nn.Module) -> float:
        """On what nothing was chosen by."""
