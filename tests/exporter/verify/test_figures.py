"""Parity figures, gathered for people."""

import pytest

from exporter.manifest import Parity
from exporter.verify.figures import by_output, error_text, psnr_text, task_metric, worst
from exporter.verify.tolerances import TOLERANCES


def parity(**figures) -> Parity:
    none = dict.fromkeys(("max_abs", "relative", "psnr", "sqnr", "top1", "top5", "labels", "mask_iou"))
    return Parity.model_validate({**none, "per_vector": ()} | figures)


def test_formats_stand_together_output_by_output(tracker_bundle):
    first = tracker_bundle.manifest.artifacts
    second = tuple(artifact.model_copy(update={"format": "tflite"}) for artifact in first)
    outputs = by_output([*first, *second])
    assert [output.graph for output in outputs[:2]] == ["encode_image", "prompt_points"]
    assert len({(output.graph, output.name) for output in outputs}) == len(outputs)
    for output in outputs:
        assert [artifact.format for artifact, _ in output.formats] == ["onnx", "tflite"]
        assert all(found is artifact.verification.outputs[output.name] for artifact, found in output.formats)


def test_the_worst_takes_each_figure_from_the_output_where_it_is_worst(tracker_bundle):
    verification = tracker_bundle.artifact("onnx", "track_step").verification
    outputs = {
        "mask_logits": parity(max_abs=1, relative=0.1, psnr=90, mask_iou=0.9, per_vector=(0.1, 0.2)),
        "iou": parity(max_abs=2, relative=0.01, psnr=50, per_vector=(0.3, 0.0)),
        "object_score": parity(max_abs=0, relative=0, per_vector=(0, 0)),
    }
    assert worst(verification.model_copy(update={"outputs": outputs})) == parity(
        max_abs=2, relative=0.1, psnr=50, mask_iou=0.9, per_vector=(0.3, 0.2)
    )
    lost = outputs | {"iou": parity(per_vector=(None, 0.0))}
    assert worst(verification.model_copy(update={"outputs": lost})).relative is None
    assert worst(verification.model_copy(update={"outputs": {}})) is None


@pytest.mark.parametrize(
    ("figures", "text", "reached"),
    [
        ({"top1": 1, "top5": 0.9}, "top-1 100.0%", True),
        ({"top1": 0.9375}, "top-1 93.8%", False),
        ({"labels": 1}, "labels 100.00%", True),
        ({"labels": 0.99}, "labels 99.00%", False),
        ({"mask_iou": 0.9991}, "mask IoU 0.9991", True),
        ({"mask_iou": 0.9}, "mask IoU 0.9000", False),
    ],
)
def test_the_task_metric_is_the_one_that_applies(figures, text, reached):
    metric = task_metric(parity(**figures), TOLERANCES["fp32"].outputs)
    assert (str(metric), metric.reached) == (text, reached)


def test_an_output_that_is_neither_scores_nor_mask_has_no_task_metric():
    assert task_metric(parity(max_abs=1), TOLERANCES["fp32"].outputs) is None


def test_what_is_equal_and_what_is_not_finite_is_said_in_words():
    assert [error_text(error) for error in (0.0, 1.26e-5, None)] == ["0", "1.3e-05", "not finite"]
    figures = [{"max_abs": 0}, {"max_abs": 1, "psnr": 62.84}, {}]
    assert [psnr_text(parity(**figure)) for figure in figures] == ["equal", "62.8", "not finite"]
