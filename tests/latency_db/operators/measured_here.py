"""Kernels as if they had been timed on a machine, and what was fitted to them."""

import numpy as np

from latency_db.kernel import Kernel
from latency_db.operators.calibration import NOT_CALIBRATED
from latency_db.operators.features import features
from latency_db.operators.fit_file import Fit
from latency_db.operators.process import Fitted, Scaling


def conv(channels, side, window=1):
    shape = f"1x{channels}x{side}x{side}"
    return Kernel.of_key(f"conv {shape}>{shape} k{window}x{window} s1x1 conv2d+batch_norm float32")


def softmax(side):
    return Kernel.of_key(f"softmax 1x4x{side}x{side}>1x4x{side}x{side} softmax float32")


US = {conv(channels, side): 1 + channels**2 * side**2 / 1e5 for channels in (16, 32, 48, 64) for side in (7, 14, 28)}
US.pop(conv(48, 14))


def fit_of(us, calibration=NOT_CALIBRATED, call=0.0):
    names = Scaling.of(features(list(us))).names
    classes = {"conv": Fitted(dict.fromkeys(names, 3.0), slope=0.5, amplitude=0.4, noise=0.02, quantile=1.7)}
    keys = tuple(kernel.key for kernel in us)
    return Fit("a chip, 2 cores", "onnx", "1.22.0", 1, classes, calibration, keys, call)


def graph(random):
    """Some of `US`, and what they took"""
    kernels = [list(US)[place] for place in random.integers(len(US), size=random.integers(10, 60))]
    return kernels, np.array([US[kernel] for kernel in kernels])
