"""What any supernet offers to those that choose among its architectures."""

from typing import Protocol

from exporter.slim.architecture import Architecture, Space
from exporter.slim.carving import Weights


class Supernet(Protocol):
    """Weights for every architecture of a space."""

    @property
    def space(self) -> Space: ...

    def weights(self, architecture: Architecture) -> Weights:
        """For the module that the space builds of an architecture; not copies."""
