"""Packages that report on those who use them are told not to, before any of them is imported."""

from __future__ import annotations

import os

OPT_OUTS = {
    # ONNX Runtime, from 1.29, keeps an identifier and a database of events in the user's cache and sends them to
    # Microsoft after some seconds. Its function that disables events comes too late for both.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub adds versions of other packages, and what started it, to what it asks the hub; hf_xet reports on
    # its downloads.
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
"""Environment variable -> value. Workers and guests inherit them, or import this package and so set them too."""


def switch_off() -> None:
    """Set what the user has not."""
    for name, value in OPT_OUTS.items():
        os.environ.setdefault(name, value)
