"""A device that nobody timed anything on is compared with one like it by what profiles say of both."""

import numpy as np
import pytest

import device_profiles
from latency_db.end_to_end.cells import CellId, shipped
from latency_db.estimator.alike import half_width, left_out, most_alike
from latency_db.estimator.cores import cores_of, default_cores


@pytest.fixture(scope="module")
def table():
    return shipped()


def alike(table, device, cores="1large", precision="fp32", unit="cpu", without=()):
    asked = CellId(device, "tflite", "", unit, cores, precision)
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


def test_intervals_hold_for_each_phone_that_was_left_out(table):
    """Nine models in ten of every phone, the one with the largest error among them"""
    for row in left_out():
        key = CellId(row.device, row.runtime, "", row.unit, "", row.precision)
        assert half_width(key, 0.0) >= row.error


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
