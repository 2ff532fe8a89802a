"""Words that every part of vitexport uses alike, and that latency tables are keyed by."""

from typing import Literal

Precision = Literal["fp32", "fp16", "int8"]
"""How wide the numbers of an artefact's weights and arithmetic are."""

ComputeUnit = Literal["cpu", "gpu", "npu"]
"""A processor of a device; Apple's Neural Engine is an NPU."""

Runtime = Literal["tflite", "executorch", "onnx", "coreml", "coreai", "pytorch", "qnn"]
"""What runs an artefact on a device: LiteRT, ExecuTorch, ONNX Runtime, Core ML, Core AI, PyTorch Mobile, Qualcomm's
QNN."""
