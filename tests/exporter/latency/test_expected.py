"""What an export expects of its artefacts on the target: for each variant as a whole, graph by graph where it can."""

from dataclasses import replace

import pytest

import device_profiles
from exporter.latency.expected import expected
from exporter.manifest import Variant
from exporter.models.registry import model_info
from latency_db import store
from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject
from tests.models import classifier_graph

CLASSIFIER, TRACKER = model_info("mobilevit_xxs"), model_info("efficienttam_ti_2_512x512")
TFLITE, COREML, COREAI = Variant("tflite", "fp32"), Variant("coreml", "fp16"), Variant("coreai", "fp32")


@pytest.fixture(autouse=True)
def no_database(monkeypatch, tmp_path):
    """Of the user's own"""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def classifier():
    return [classifier_graph("mobilevit")]


@pytest.fixture(scope="module")
def tracker(classifier):
    """Small graphs under a tracker's names"""
    return [replace(classifier[0], name=name) for name in ("encode_image", "prompt_points", "track_step")]


def add(*measurements):
    with store.open() as opened:
        opened.add(measurements)


def of_graph(model, graph, ms, size=256):
    return Measurement(
        Device("iphone14"),
        Subject.of_graph(model, graph, (size, size)),
        Conditions("coreml", "all", "fp16"),
        Latency(p50=ms, std=ms / 100, n=50),
        Source("measured", "a test"),
    )


def of(info, graphs, device, *variants, size=256):
    return expected(info, size, graphs, device_profiles.load(device), variants)


def test_a_classifiers_graph_is_all_that_runs_for_an_image(classifier):
    found = of(CLASSIFIER, classifier, "pixel4", TFLITE)
    (frame,) = found.frames
    assert (frame.unit, frame.cores, frame.graphs, frame.missing) == ("cpu", "1large", ("classify",), None)
    assert found.graphs == {(TFLITE, "classify"): frame.latency}


def test_kernels_are_summed_by_kind_the_costliest_first(classifier):
    (frame,) = of(CLASSIFIER, classifier, "pixel4", TFLITE).frames
    times = list(frame.latency.kernels.values())
    assert times == sorted(times, reverse=True)
    assert sum(times) == pytest.approx(frame.latency.ms, rel=0.01)
    assert frame.latency.low < frame.latency.ms < frame.latency.high
    assert frame.latency.kernels_by == "roofline of the cell"


def test_a_trackers_frame_is_known_and_each_of_its_graphs_where_kernels_have_a_price(tracker):
    found = of(TRACKER, tracker, "pixel4", TFLITE)
    (frame,) = found.frames
    assert frame.graphs == ("encode_image", "track_step")
    assert {name for _, name in found.graphs} == {graph.name for graph in tracker}
    assert found.graphs[TFLITE, "track_step"].ms < frame.latency.ms


def test_of_graphs_of_which_only_the_whole_was_published_none_is_guessed(tracker):
    found = of(TRACKER, tracker, "iphone14", COREML)
    (frame,) = found.frames
    assert frame.latency.method == "regression over published models"
    assert frame.latency.kernels_by == "share of the total"
    assert found.graphs == {}


def test_of_a_tracker_that_was_timed_graph_by_graph_each_graph_is_known(tracker):
    graphs = {"encode_image": 41.25, "track_step": 30.5, "prompt_points": 2.75}
    add(*(of_graph(TRACKER.name, name, ms) for name, ms in graphs.items()))
    found = of(TRACKER, tracker, "iphone14", COREML)
    (frame,) = found.frames
    assert (frame.latency.ms, frame.latency.method) == (41.25 + 30.5, "measured")
    assert {name: (one.ms, one.method) for (_, name), one in found.graphs.items()} == {
        name: (ms, "measured") for name, ms in graphs.items()
    }


def test_a_time_that_no_run_can_take_is_said_and_fails_nothing(classifier):
    add(replace(of_graph(CLASSIFIER.name, "classify", 2e9), conditions=Conditions("tflite", "cpu", "fp32")))
    found = of(CLASSIFIER, classifier, "iphone14", TFLITE)
    (frame,) = found.frames
    assert frame.missing == "What was found is no time that a run can take: ms would be 2e+09 ms."
    assert found.graphs == {}


def test_it_is_said_what_was_taken_where_nobody_stated_it(classifier):
    (frame,) = of(CLASSIFIER, classifier, "pixel4", TFLITE).frames
    assert frame.latency.detail.endswith("(on the CPU, on cores 1large, as nothing else was said)")


def test_what_nobody_can_tell_is_said_and_fails_nothing(classifier):
    variants = COREAI, Variant("onnx", "fp32"), TFLITE
    found = of(CLASSIFIER, classifier, "pixel4", *variants)
    assert [frame.latency is None for frame in found.frames] == [True, True, False]
    assert found.frames[0].missing.startswith("Core AI runs on Apple systems only")
    assert found.frames[1].missing.startswith("nothing is known of")
    assert found.graphs.keys() == {(TFLITE, "classify")}


def test_what_was_measured_under_core_ai_answers_for_itself_and_is_all_that_does(classifier):
    (unknown,) = of(CLASSIFIER, classifier, "iphone14", COREAI).frames
    assert (unknown.latency, unknown.unit) == (None, "all")
    assert unknown.missing.endswith("or measure there with the app that docs/apps_ios.md describes")
    ran = Conditions("coreai", "all", "fp32", method="app")
    add(replace(of_graph(CLASSIFIER.name, "classify", 7.0), conditions=ran))
    (known,) = of(CLASSIFIER, classifier, "iphone14", COREAI).frames
    assert (known.latency.ms, known.latency.method, known.unit) == (7.0, "measured", "all")


def test_a_database_that_cannot_be_read_fails_nothing(classifier, tmp_path):
    broken = tmp_path / "data/vitexport/latency.sqlite3"
    broken.parent.mkdir(parents=True)
    broken.write_text("this is no database")
    (frame,) = of(CLASSIFIER, classifier, "pixel4", TFLITE).frames
    assert frame.latency is not None
