"""EfficientTAM: promptable video segmentation with a memory (arXiv 2411.18933)."""
