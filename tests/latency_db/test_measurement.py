"""A measurement is refused where it is made, in a sentence, or it can be believed to make sense."""

from dataclasses import replace
from datetime import datetime
from math import inf, nan

import numpy as np
import pytest

from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Device, Latency, Source, Subject
from tests.latency_db.samples import BARE, FULL, KEY


def test_the_latency_to_compare_by_is_the_median_else_the_mean_else_what_the_source_gives():
    assert Latency(p50=2.0, mean=3.0, figure=4.0).ms == 2.0
    assert Latency(mean=3.0, figure=4.0).ms == 3.0
    assert Latency(figure=4.0).ms == 4.0


@pytest.mark.parametrize("value", [0.0, -1.0, inf, nan, 1e-10, 1e13])
@pytest.mark.parametrize("name", ["p50", "p90", "p99", "mean", "figure"])
def test_no_run_takes_such_a_time(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        Latency(**{"figure": 1.0, name: value})


@pytest.mark.parametrize("value", [-0.5, inf, nan, 1e13])
def test_no_deviation_is_below_zero_or_infinite(value):
    with pytest.raises(ValueError, match="std"):
        Latency(p50=1.0, std=value)


def test_runs_may_all_take_the_same_time():
    assert Latency(p50=1.0, p90=1.0, p99=1.0, std=0.0).std == 0
    assert Latency(p50=1.0, std=1e-17).std == 1e-17


@pytest.mark.parametrize("percentiles", [(2.0, 1.0, 3.0), (2.0, None, 1.0), (None, 2.0, 1.0)])
def test_percentiles_must_rise(percentiles):
    p50, p90, p99 = percentiles
    with pytest.raises(ValueError, match="Percentiles rise"):
        Latency(p50, p90, p99, mean=1.0)


def test_a_latency_without_a_figure_to_compare_by_is_refused():
    with pytest.raises(ValueError, match="needs p50, mean"):
        Latency(p90=1.0)


@pytest.mark.parametrize("value", [np.float32(1.0), "1.0", True])
def test_what_is_no_float_is_refused_before_a_database_stores_its_bytes(value):
    with pytest.raises(ValueError, match=type(value).__name__):
        Latency(p50=value)


@pytest.mark.parametrize("changes", [{"n": 0}, {"warmup": -1}, {"n": 2**31}, {"n": 1.5}, {"n": np.int64(3)}])
def test_what_is_no_count_is_refused(changes):
    with pytest.raises(ValueError, match="whole number"):
        Latency(p50=1.0, **changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"runtime": "tensorflow"}, "The runtime 'tensorflow' is not known: name one of tflite, executorch"),
        ({"unit": "dsp"}, "The compute unit 'dsp' is not known: name one of cpu, gpu, npu, all"),
        ({"precision": "float"}, "The precision 'float' is not known"),
        ({"os": "Android"}, "'Android' is no system"),
        ({"threads": 0}, "threads is 0"),
        ({"cores": "big"}, "'big' are no cores"),
        ({"method": "a\nb"}, "more than a line"),
        ({"delegate": " gpu"}, "begins or ends with a space"),
        ({"runtime_version": "2" * 401}, "at most 400"),
    ],
)
def test_conditions_are_in_words_that_are_known(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(FULL.conditions, **changes)


@pytest.mark.parametrize("cores", ["1large", "4small", "1large2med", "10small", ""])
def test_cores_are_counted_by_tier(cores):
    assert Conditions("tflite", "cpu", "fp32", cores=cores).cores == cores


@pytest.mark.parametrize("os", ["Android 14", "iOS 17.5.1", "Linux 6.8.0", "Qualcomm Linux 1.9", ""])
def test_a_system_has_a_name_and_a_version(os):
    assert Conditions("tflite", "cpu", "fp32", os=os).os == os


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"thermal": "hot"}, "thermal state 'hot'"),
        ({"quality": "bad"}, "quality 'bad' is not known: name one of good, busy, drifting, suspect"),
        ({"measured_at": datetime(2026, 1, 1)}, "with its zone"),
        ({"note": "nul \0"}, "note"),
        ({"note": "half a character \ud800"}, "note"),
    ],
)
def test_what_else_a_measurement_says_is_checked(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(BARE, **changes)


@pytest.mark.parametrize("id", ["", "Pixel 4", "galaxy-s10"])
def test_devices_are_named_as_profiles_are(id):
    with pytest.raises(ValueError, match="no device's id"):
        Device(id)


def test_a_host_says_which_machine_it_is():
    with pytest.raises(ValueError, match="names no machine"):
        Device("host")
    assert Device("host", "Intel Xeon, 2 cores").id == "host"


def test_a_kernel_is_known_by_its_key():
    subject = Subject.of_kernel(Kernel.of_key(KEY))
    assert subject == Subject("kernel", KEY)
    assert subject.name == "conv"


@pytest.mark.parametrize(
    ("key", "sentence"),
    [("conv2d 3x3", "no kernel's key"), (KEY.replace(" conv2d", " g1 conv2d"), "says in other words what")],
)
def test_a_kernel_has_one_key(key, sentence):
    with pytest.raises(ValueError, match=sentence):
        Subject("kernel", key)


def test_graphs_and_models_are_known_by_name_size_and_what_they_do():
    assert Subject.of_graph("efficienttam_s", "track_step", (512, 512)).key == "efficienttam_s 512x512 track_step"
    assert Subject.of_model("unet", "segment portraits", (256, 144)).key == "unet 256x144 segment portraits"
    assert Subject.of_model("MobileNet-V2").key == "MobileNet-V2"
    assert Subject.of_model("unet", "segment").name == "unet"


@pytest.mark.parametrize(
    ("kind", "key"),
    [("graph", "efficienttam_s 512x512"), ("model", ""), ("model", "unet 0x3"), ("model", "unet Big"), ("layer", "a")],
)
def test_what_is_no_subject_is_refused(kind, key):
    with pytest.raises(ValueError, match=f"no {kind}'s key|kind 'layer' is not known"):
        Subject(kind, key)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (("guessed", "me"), "kind 'guessed' is not known"),
        (("measured", ""), "cannot be looked up"),
        (("published", "arXiv 2206.01191 Table 1"), "no stated licence"),
    ],
)
def test_a_source_can_be_looked_up(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        Source(*fields)
