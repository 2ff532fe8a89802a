"""Words that every part of vitexport uses alike, and that latency tables are keyed by."""

from typing import Literal

Precision = Literal[
    "fp32", "fp16",
    "int8", "int8-weights", "int8-dynamic", "mixed",
    "w8", "w8a8", "palette6", "palette4", "sparse",
]  # fmt: skip
"""How wide the numbers of an artefact's weights and arithmetic are. "int8": both in eight bits, ranges of activations
fixed; "-weights": only these; "-dynamic": ranges found in each run; "mixed": what an allocator chose. Core ML's own:
weights in eight bits, activations too, weights out of palettes of 64 or 16 values, weights without the smallest."""

ComputeUnit = Literal["cpu", "gpu", "npu"]
"""A processor of a device; Apple's Neural Engine is an NPU."""

Runtime = Literal["tflite", "executorch", "onnx", "coreml", "coreai", "pytorch", "qnn"]
"""What runs an artefact on a device: LiteRT, ExecuTorch, ONNX Runtime, Core ML, Core AI, PyTorch Mobile, Qualcomm's
QNN."""
