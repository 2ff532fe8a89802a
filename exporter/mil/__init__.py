"""A reference interpreter for Core ML's mlprograms, which Apple's own runtime executes on Apple systems only.

    program = load("classify.mlpackage")
    outputs = run(program, {"image": pixels}, "fp16")

It reads the saved package, weights and all, and evaluates its operators in order with PyTorch. In "fp32" it answers
whether the program means what it should; in "fp16" every result is rounded to half precision, which is the best that
the Neural Engine could deliver, and `first_precision_loss` says where that overflows or loses too much.
"""

from exporter.mil.half import PrecisionLoss, first_precision_loss
from exporter.mil.interpreter import Arithmetic, run, steps
from exporter.mil.program import Operation, Program, load

__all__ = ["Arithmetic", "Operation", "PrecisionLoss", "Program", "first_precision_loss", "load", "run", "steps"]
