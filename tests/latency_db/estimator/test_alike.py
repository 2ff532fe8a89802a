"""A device that nobody timed anything on is compared with one like it by what profiles say of both."""

import numpy as np
import pytest

import device_profiles
from latency_db.coverage import quantile
from latency_db.end_to_end.cells import CellId, shipped
from latency_db.estimator.alike import half_width, left_out, most_alike
from latency_db.estimator.cores import cores_of, default_cores
from latency_db.estimator.estimator import estimate
from latency_db.estimator.question import question
from latency_db.estimator.rooflines import of_cell
from latency_db.estimator.workload import Workload
from latency_db.registered import shipped_index
from tests.latency_db.estimator.measurements import CPU
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE


@pytest.fixture(scope="module")
def table():
    return shipped()


def alike(table, device, cores="1large", precision="fp32", unit="cpu", without=(), graphs=None):
    asked = CellId(device, "tflite", "", unit, cores, precision)
    if graphs is None:
        graphs = table.features["mobilenetv2_w1", "tflite", "gpu" if unit == "gpu" else "cpu"][None]
    return most_alike(table, asked, graphs, without)


@pytest.mark.parametrize(
    ("device", "cores", "likes"),
    [
        ("raspberry_pi5", "1large", ("pixel4", "1med")),
        ("galaxy_note10", "2large", ("galaxy_s10", "2large")),
        ("iphone11_pro", "1large", ("iphone_xs", "1large")),
        ("pixel6", "1small", ("pixel4", "1small")),
    ],
)
def test_the_most_alike_cell_has_the_same_cores_as_far_as_there_are_any(table, device, cores, likes):
    found = alike(table, device, cores).cell.cell.id
    assert (found.device, found.cores) == likes


def test_a_faster_clock_takes_less_time(table):
    found = alike(table, "galaxy_note10", "1med")
    assert found.cell.cell.id.device == "galaxy_s10"
    assert found.ratio == pytest.approx(2.31 / 2.4)


def test_a_phone_that_is_left_out_is_not_its_own_likeness(table):
    assert alike(table, "pixel4").distance == 0
    assert alike(table, "pixel4", without=("pixel4",)).cell.cell.id.device != "pixel4"


def test_nothing_is_like_a_unit_that_nobody_timed(table):
    assert alike(table, "galaxy_s24", cores="", unit="npu") is None


def test_a_bandwidth_that_no_source_states_is_said_to_be_another_phones(table):
    assert alike(table, "pixel9", cores="", unit="gpu").doubts


@pytest.mark.parametrize("device", ["pixel4", "galaxy_s10", "iphone_xs", "mi8_se"])
def test_intervals_hold_for_the_models_of_a_phone_that_was_left_out(table, device):
    """Of all its cells of TFLite in fp32, the width being that of the other phones"""
    kind = ("tflite", "cpu", "fp32")
    others = [
        one.error for one in left_out() if (one.runtime, one.unit, one.precision) == kind and one.device != device
    ]
    inside = []
    for key, cell in table.cells.items():
        if (key.device, key.runtime, key.unit, key.precision) != (device, *kind):
            continue
        features = table.features_of(cell)
        found = most_alike(table, key, features, without=(device,))
        off = np.log(cell.milliseconds / (found.ratio * (features @ found.cell.coefficients)))
        inside.append(np.abs(off) <= quantile(others) * (1 + found.distance))
    assert np.mean(np.concatenate(inside)) > 0.8


def test_an_interval_is_wider_the_further_the_likeness(table):
    key = CellId("pixel6", "tflite", "", "cpu", "1large", "fp32")
    assert half_width(key, 1.0) == pytest.approx(2 * half_width(key, 0.0))


def test_of_what_is_far_beyond_every_model_the_interval_is_wider(table):
    """A cell does not answer for ten times as much as any model has that was timed there."""
    far = Workload({"many": MOBILEVIT_LIKE.graphs["classify"] * 1000})
    found, asked = estimate(far, "pixel4", CPU), question(far, "pixel4", CPU)
    own = of_cell(asked, alike(table, "pixel4", graphs=asked.features).cell)
    assert found.method == "alike device"
    assert "far beyond what was timed anywhere: interval widened" in found.reason
    assert np.log(found.high / found.ms) == pytest.approx(2 * np.log(own.high / own.ms))


def test_a_cell_that_a_workload_is_far_beyond_does_not_answer_as_its_own_likeness():
    large = shipped_index().workload("efficienttam_s", 768, "tflite", "cpu")
    found = estimate(large, "pixel4", CPU)
    assert found.method == "alike device"
    assert "far beyond what was timed on pixel4 1large; most alike is galaxy_s10" in found.reason
    medium = shipped_index().workload("efficienttam_s", 256, "tflite", "cpu")
    assert estimate(medium, "pixel4", CPU).method == "roofline of the cell"


def test_every_core_of_the_profiles_is_known_or_has_no_name():
    speeds = {}
    for device in device_profiles.all_devices():
        found = cores_of(device.id, "1large")
        assert found is not None, device.id
        speeds[device.id] = found.speed
    assert speeds["galaxy_s21"] == pytest.approx(speeds["galaxy_s21_exynos"], rel=0.05)
    assert min(speeds, key=speeds.get) == "galaxy_a03s"
    assert np.all(np.diff([speeds[name] for name in ("iphone7", "iphone11_pro", "iphone13", "iphone17")]) > 0)


@pytest.mark.parametrize(
    ("runtime", "device", "threads", "cores"),
    [
        ("tflite", "galaxy_s10", None, "1large"),
        ("executorch", "galaxy_s10", None, "2large"),
        ("tflite", "galaxy_s10", 4, "2large2med"),
        ("tflite", "iphone13", 3, "2large1small"),
        ("tflite", "pixel4", 8, "1large3med4small"),
    ],
)
def test_threads_go_to_the_fastest_cores_first(runtime, device, threads, cores):
    assert default_cores(runtime, device, threads) == cores
