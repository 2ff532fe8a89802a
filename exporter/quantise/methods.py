"""How ranges are found, by name: ways of reading them off what was observed, or Q-HyViT, which changes weights too."""

from __future__ import annotations

from typing import Literal

from exporter.quantise.observed import Reading, extremes, least_error, percentile

Ranges = Literal["extremes", "percentile", "least-error", "qhyvit"]
"""All that was seen; all but one value in ten thousand at each end; what has the least squared error; or what matters
least to what the graph is for (arXiv 2303.12557)"""

READINGS: dict[str, Reading] = {
    "extremes": extremes,
    "percentile": percentile(1e-4),
    "least-error": least_error(8),
}
"""Of the methods that need nothing but what was observed of a tensor"""
