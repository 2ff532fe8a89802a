"""The shipped index of registered models: what it holds, and what it says where it has nothing."""

import csv

import pytest

from latency_db.fitting import registered as making
from latency_db.kernel import KINDS
from latency_db.published.rows import find
from latency_db.registered import NotInIndex, read, shipped_index

COLUMNS = ["model", "family", "parameters", "top1", "usual_size", "size", "graph", "runtime", "unit", "count", "kernel"]
CONV = "conv 1x3x64x64>1x8x32x32 k3x3 s2x2 conv2d+relu float32"
LINEAR = "linear 1x8>1x1000 linear float32"


def test_a_classifiers_image_is_one_graph():
    workload = shipped_index().workload("mobilevit_s", 256, "tflite", "cpu")
    assert list(workload.graphs) == ["classify"]
    assert {kernel.kind for kernel in workload.graphs["classify"]} <= set(KINDS)
    assert sum(kernel.macs for kernel in workload.graphs["classify"]) == pytest.approx(2.0008e9, rel=1e-4)


def test_a_trackers_frame_is_the_image_encoder_and_a_step():
    workload = shipped_index().workload("efficienttam_ti", 512, "coreml", "npu")
    assert list(workload.graphs) == ["encode_image", "track_step"]
    assert any(kernel.kind == "attention" for kernel in workload.graphs["track_step"])


def test_a_unit_of_which_nobody_says_what_it_fuses_has_the_cut_of_another():
    of = shipped_index().workload
    assert of("mobilevit_xxs", 256, "onnx", "npu").graphs == of("mobilevit_xxs", 256, "onnx", "cpu").graphs
    assert of("mobilevit_xxs", 256, "tflite", "gpu").graphs != of("mobilevit_xxs", 256, "tflite", "cpu").graphs


def test_a_size_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(NotInIndex, match=r"has efficienttam_s at 256, 384, 512, 768, 1024 pixels, not at 640\."):
        shipped_index().workload("efficienttam_s", 640, "tflite", "cpu")
    with pytest.raises(NotInIndex, match=r"has no model resnet50\."):
        shipped_index().workload("resnet50", 224, "tflite", "cpu")
    with pytest.raises(NotInIndex, match="as qnn runs them"):
        shipped_index().workload("mobilevit_s", 256, "qnn", "npu")


@pytest.mark.parametrize("name", ["efficienttam_s", "efficienttam_s_512x512"])
def test_a_tracker_at_512_pixels_is_found_among_published_rows_by_either_name(name):
    facts = shipped_index().workload(name, 512, "coreml", "npu").facts
    (row,) = find(facts.model, device="iphone15_pro_max", runtime="coreml", size=facts.stated_size)
    assert row.ms == 80.6


def test_multiply_accumulates_are_the_published_ones_where_there_are_any_else_counted():
    of = shipped_index().workload
    assert of("efficientformer_l1", 224, "coreml", "npu").facts.origin.startswith("counted with timm")
    counted = of("efficientformer_l1", 256, "coreml", "npu").facts
    assert counted.origin.startswith("counted on vitexport's graphs")
    assert (counted.gmacs, counted.family, counted.kind) == (
        pytest.approx(1.6871, rel=1e-3),
        "efficientformer",
        "hybrid",
    )


def test_a_tracker_is_published_under_the_names_of_all_its_sizes():
    of = shipped_index().published_names
    assert of("efficienttam_s") == ("efficienttam_s", "efficienttam_s_512x512")
    assert of("efficienttam_s_512x512") == ("efficienttam_s_512x512", "efficienttam_s")
    assert of("mobilevit_s") == ("mobilevit_s",)
    assert of("of_nobody") == ("of_nobody",)


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


def test_graphs_that_models_or_runtimes_have_alike_stand_in_the_index_once(tmp_path):
    for name in ("mobilevit_s", "mobilevit_xs"):
        alike = [(name, "mobilevit", 5_578_632, "", 256, 64, "classify", "tflite", unit) for unit in ("cpu", "gpu")]
        write(
            tmp_path / f"{name}-64.csv",
            [(*one, count, key) for one in alike for count, key in ((2, CONV), (1, LINEAR))],
        )
    making.main(tmp_path, tmp_path / "index")
    index = read(tmp_path / "index")
    assert index.kernels == (CONV, LINEAR)
    assert [kernel.key for kernel in index.workload("mobilevit_xs", 64, "tflite", "gpu").graphs["classify"]] == [
        CONV, CONV, LINEAR,
    ]  # fmt: skip
    assert index.sizes("mobilevit_s") == (64,)


def test_published_accuracy_and_the_usual_size_are_read_as_they_were_captured(tmp_path):
    classifier = ("mobilevit_s", "mobilevit", 5_578_632, 78.298, 256, 64)
    tracker = ("efficienttam_s", "efficienttam", 34_055_842, "", 1024, 64)
    for facts, graphs in ((classifier, ["classify"]), (tracker, ["encode_image", "track_step"])):
        write(tmp_path / f"{facts[0]}.csv", [(*facts, graph, "tflite", "cpu", 1, LINEAR) for graph in graphs])
    making.main(tmp_path, tmp_path / "index")
    index = read(tmp_path / "index")
    assert [(model.name, model.top1, model.usual_size) for model in index.models.values()] == [
        ("efficienttam_s", None, 1024),
        ("mobilevit_s", 78.298, 256),
    ]
    assert index.workload("mobilevit_s", 64, "tflite", "cpu").usual_size == 256
