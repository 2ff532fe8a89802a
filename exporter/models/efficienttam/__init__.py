"""EfficientTAM: promptable video segmentation with a memory (arXiv 2411.18933)."""

from exporter.models.efficienttam.config import CONFIGS, EfficientTAMConfig
from exporter.models.efficienttam.model import EfficientTAM

__all__ = ["CONFIGS", "EfficientTAM", "EfficientTAMConfig"]
