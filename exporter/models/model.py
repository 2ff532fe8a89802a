"""What a model of any family and task says of itself: to the registry, to its weights, and to messages."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import nn

from exporter.models.seeded import Fill
from exporter.models.weights.key_map import KeyMap


class Model(nn.Module, ABC):
    """A network in eval mode with all that the registry and the loading of weights need to know of its family."""

    size_multiple: ClassVar[int] = 1
    """The image size must be a multiple of this many pixels."""
    key_maps: tuple[KeyMap, ...] = ()
    """How others name its weights."""
    fill: ClassVar[Fill] = Fill()
    """How its seeded weights differ from those of every family."""

    image_size: int
    """Side in pixels that it was built for."""
    num_classes: int | None = None
    """How many classes it tells apart; None where it tells none."""
    multi_label: bool = False
    """Whether each class is judged by itself, with a sigmoid, and not against the others, with a softmax."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """A few words that say in messages what the model was built for."""

    def in_head(self, key: str) -> bool:
        """Whether an entry of the state dict has a row for each class."""
        return False
