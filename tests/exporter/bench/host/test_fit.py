"""What rows of this machine say of it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from exporter.bench.host.fit import fit, graphs_timed, undisturbed
from exporter.bench.host.plan import CALL, planned
from latency_db.kernel import Kernel
from latency_db.measurement import Subject
from latency_db.operators.measured_device import MeasuredDevice
from tests.latency_db.samples import FULL

KERNELS = [
    Kernel.of_key(f"conv 1x{read}x{side}x{side}>1x{written}x{side}x{side} k1x1 s1x1 conv2d float32")
    for read in (16, 32, 64)
    for written in (16, 48)
    for side in (7, 14, 28)
]


def us_of(kernel):
    return 0.5 + kernel.macs / 1e5


def graphs(factor):
    random = np.random.default_rng(0)
    for number in range(8):
        kernels = [KERNELS[place] for place in random.integers(len(KERNELS), size=4)]
        yield f"model{number}", kernels, factor * sum(us_of(kernel) - 0.5 for kernel in kernels)


@pytest.fixture(scope="module")
def found():
    us = {kernel: us_of(kernel) for kernel in KERNELS} | {CALL: 0.5}
    return us, fit("onnx", 1, us, list(graphs(1.2)))


def test_a_call_is_taken_from_each_kernel_and_is_none_itself(found):
    _, fitted = found
    assert fitted.call == 0.5
    assert fitted.kernels == tuple(kernel.key for kernel in KERNELS)
    assert fitted.calibration.factors["conv"] == pytest.approx(1.2, abs=0.15)


def test_whole_models_calibrate_it(found):
    us, fitted = found
    device = MeasuredDevice.of("onnx", "host", us, fitted)
    for _, kernels, total in graphs(1.2):
        assert device.graph(kernels).us == pytest.approx(total, rel=0.1)


def test_with_a_few_models_nothing_is_calibrated(found):
    us, _ = found
    assert fit("onnx", 1, us, list(graphs(1.2))[:5]).calibration.graphs == 0


def test_what_ran_on_a_busy_machine_is_left_out_where_enough_is_left():
    busy, good, unchecked = (replace(FULL, quality=quality) for quality in ("busy", "good", None))
    assert undisturbed([busy, good, unchecked], fewest=2) == [good, unchecked]
    assert undisturbed([busy, good, unchecked], fewest=3) == [busy, good, unchecked]


def test_a_graph_that_the_index_has_comes_with_its_kernels():
    known, unknown = (
        replace(FULL, subject=Subject.of_graph(name, "classify", (256, 256)), quality="good")
        for name in ("mobilevit_xxs", "nobodys")
    )
    ((model, kernels, us),) = graphs_timed([known, unknown, FULL], "onnx")
    assert (model, us, sum(kernel.kind == "attention" or kernel.kind == "softmax" for kernel in kernels)) == (
        "mobilevit_xxs",
        1500,
        9,
    )


def test_a_plan_begins_with_a_call_and_what_models_use_most():
    call, *kernels = planned("onnx", further=())
    assert call == CALL
    assert max(Counter(kernels).values()) == 1
    assert len(kernels) > 300
