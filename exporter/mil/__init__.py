"""A reference interpreter for Core ML's mlprograms, which Apple's own runtime executes on Apple systems only.

    program = load("classify.mlpackage")
    outputs = run(program, {"image": pixels}, "fp16")

It reads the saved package, weights and all, and evaluates its operators in order with PyTorch. In "fp32" it answers
whether the program means what it should; in "fp16" every result is rounded to half precision, which is the best that
the Neural Engine could deliver, and `first_precision_loss` says where that overflows or loses too much.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exporter.mil.half import PrecisionLoss, first_precision_loss
    from exporter.mil.interpreter import Arithmetic, run, steps
    from exporter.mil.program import Operation, Program, load

_HOMES = {
    "Arithmetic": "interpreter",
    "Operation": "program",
    "PrecisionLoss": "half",
    "Program": "program",
    "first_precision_loss": "half",
    "load": "program",
    "run": "interpreter",
    "steps": "interpreter",
}
"""Each is imported when it is first used, so that `python -m exporter.mil` can say that PyTorch is missing."""

__all__ = ["Arithmetic", "Operation", "PrecisionLoss", "Program", "first_precision_loss", "load", "run", "steps"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'exporter.mil' has no attribute {name!r}")
    return getattr(importlib.import_module(f"exporter.mil.{_HOMES[name]}"), name)
