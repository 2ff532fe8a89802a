"""What a tracker's report shows of the sequence that its artefacts followed."""

import shutil

import numpy as np
import pytest

import device_profiles
from exporter.cli.tables import print_rollouts
from exporter.report.following import HEIGHT, differing, following
from exporter.report.page import write_report
from exporter.vectors import read_vectors
from exporter.verify.record import FRAMES
from exporter.verify.tolerances import TOLERANCES


@pytest.fixture
def in_half_precision(tracker_bundle):
    """A manifest whose rollout was judged by what half precision may differ by, its logits far off."""
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts
    changes = {"max_abs": (5.0,) * FRAMES, "precision": "fp16", "tolerance": TOLERANCES["fp16"].rollout}
    return manifest.model_copy(update={"rollouts": (rollout.model_copy(update=changes),)})


@pytest.fixture(scope="module")
def reference(tracker_bundle):
    sequence = tracker_bundle.manifest.sequence
    return read_vectors(tracker_bundle.path / sequence.file)[1]["mask_logits"][:, :, 0] > 0


def test_a_classifier_follows_nothing(bundles):
    bundle = bundles["mobilevit"]
    assert following(bundle.path, bundle.manifest, {}) is None


def test_every_third_frame_is_shown_with_both_masks_and_their_difference(tracker_bundle, reference):
    seen = reference.copy()
    seen[1, 3, 2:4, 5:8] ^= True
    shown = following(tracker_bundle.path, tracker_bundle.manifest, {"onnx": seen})
    assert [row.frame for row in shown.rows] == list(range(0, 24, 3))
    assert [row.formats["onnx"][2] for row in shown.rows] == [0, 6, 0, 0, 0, 0, 0, 0]
    assert shown.rows[0].formats["onnx"][0] == shown.rows[0].reference
    assert shown.rows[1].formats["onnx"][0] != shown.rows[1].reference


def test_a_difference_says_who_sees_the_object():
    reference = np.array([[[True, False, False, False]], [[False, True, False, False]]])
    seen = np.array([[[True, False, False, False]], [[False, False, True, False]]])
    both, only_pytorch, only_artefact, neither = differing(reference, seen)[0].tolist()
    assert both[0] == both[1] == both[2] > 0 == max(neither)
    assert only_pytorch[0] == max(only_pytorch) > 200
    assert only_artefact[2] == max(only_artefact) > 200


def test_artefacts_that_saw_nothing_have_no_pictures(tracker_bundle):
    shown = following(tracker_bundle.path, tracker_bundle.manifest, {"onnx": np.zeros((2, 0, 0, 0), bool)})
    assert not any(row.formats for row in shown.rows)


def test_a_frame_that_was_not_followed_has_no_picture_and_no_place_on_the_curve(tracker_bundle, reference):
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts
    cut = {"mask_iou": rollout.mask_iou[:5], "max_abs": rollout.max_abs[:5], "left_out": FRAMES - 5}
    short = manifest.model_copy(update={"rollouts": (rollout.model_copy(update=cut),)})
    shown = following(tracker_bundle.path, short, {"onnx": reference[:, :5]})
    assert [bool(row.formats) for row in shown.rows] == [True, True, *[False] * 6]
    (curve,) = shown.curves
    assert [x for x, _, _, _ in curve.points] == pytest.approx(np.linspace(0, 100, 24)[:5], abs=0.01)


def test_a_report_says_where_a_format_was_not_followed(tracker_bundle, tmp_path, reference):
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts
    cut = {"mask_iou": (1.0, 1.0), "max_abs": (0.0, 0.0), "left_out": FRAMES - 2, "detail": "2 of 24 frames agree."}
    shutil.copytree(tracker_bundle.path / "vectors", tmp_path / "vectors")
    short = manifest.model_copy(update={"rollouts": (rollout.model_copy(update=cut),)})
    write_report(tmp_path, short, device_profiles.load("iphone15"), {"onnx": reference[:, :2]})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "onnx: 2 of 24 frames agree." in page
    assert page.count("not followed") == 7


def test_a_curve_has_a_place_for_every_frame_and_the_tolerance_is_above_what_passed(tracker_bundle):
    shown = following(tracker_bundle.path, tracker_bundle.manifest, {})
    (curve,) = shown.curves
    tolerance, allowed = curve.limit
    assert allowed == 1e-2
    assert [x for x, _, _, _ in curve.points] == pytest.approx(np.linspace(0, 100, 24), abs=0.01)
    assert all(tolerance < y < HEIGHT and not over for _, y, _, over in curve.points)


def test_a_frame_that_is_not_finite_is_above_the_tolerance(tracker_bundle):
    manifest = tracker_bundle.manifest
    (rollout,) = manifest.rollouts
    lost = rollout.model_copy(update={"max_abs": (*rollout.max_abs[:-1], None)})
    shown = following(tracker_bundle.path, manifest.model_copy(update={"rollouts": (lost,)}), {})
    (curve,) = shown.curves
    assert curve.points[-1][1] < curve.limit[0]
    assert curve.points[-1][2:] == ("frame 23: not finite", True)


def test_a_format_whose_logits_have_no_bound_is_never_over_it(tracker_bundle, in_half_precision):
    (curve,) = following(tracker_bundle.path, in_half_precision, {}).curves
    assert curve.limit is None
    assert not any(over for _, _, _, over in curve.points)


def test_where_a_union_counts_as_more_than_it_is_report_and_table_say_so(
    tracker_bundle, in_half_precision, tmp_path, capsys
):
    shutil.copytree(tracker_bundle.path / "vectors", tmp_path / "vectors")
    shown = {}
    for precision, manifest in (("fp32", tracker_bundle.manifest), ("fp16", in_half_precision)):
        write_report(tmp_path, manifest, device_profiles.load("iphone15"), {})
        print_rollouts(manifest)
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        shown[precision] = page, capsys.readouterr().out
    page, table = shown["fp16"]
    assert "0.98 with PyTorch's, where the union of the two counts as at least 5 % of the frame" in page
    assert "In fp16 the union of two masks counts as at least 5 % of the frame." in table
    assert not any("counts as" in text for text in shown["fp32"])


def test_the_size_of_the_state_is_told(tracker_bundle):
    shown = following(tracker_bundle.path, tracker_bundle.manifest, {})
    assert {spec.name: size for spec, size in shown.state} == {
        "memory": 7 * 16 * 64 * 4,
        "memory_valid": 7 * 4,
        "pointers": 16 * 256 * 4,
        "pointers_valid": 16 * 4,
    }


def test_the_report_has_it(tracker_bundle):
    page = (tracker_bundle.path / "report.html").read_text(encoding="utf-8")
    assert "Parity over time" in page
    assert page.count("alt=\"onnx's mask of frame") == page.count("alt=\"PyTorch's mask of frame") == 8


@pytest.mark.parametrize("ran", [(), ("failed",)])
def test_a_report_without_a_rollout_says_so(tracker_bundle, tmp_path, ran):
    manifest = tracker_bundle.manifest
    lost = manifest.rollouts[0].model_copy(update={"status": "failed", "mask_iou": (), "max_abs": (), "ms": {}})
    rollouts = tuple(lost for _ in ran)
    shutil.copytree(tracker_bundle.path / "vectors", tmp_path / "vectors")
    write_report(tmp_path, manifest.model_copy(update={"rollouts": rollouts}), device_profiles.load("iphone15"), {})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No format's artefacts went through it here." in page
    assert "Parity over time" not in page
    assert "A difference is red" not in page
