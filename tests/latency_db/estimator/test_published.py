"""Published rows answer for their model, move between Galaxies, and make a regression for other models on iPhones."""

from dataclasses import replace

import pytest

from latency_db.estimator.estimate import NoEstimate
from latency_db.estimator.estimator import estimate
from latency_db.estimator.published import facts_of_kernels
from latency_db.estimator.question import question
from latency_db.measurement import Conditions
from latency_db.published.estimate import estimate_core_ml, facts_of
from latency_db.published.rows import find, published_rows
from latency_db.published.transfer_ratios import transfer_ratio
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE

CORE_ML = Conditions("coreml", None, None)
NPU = Conditions("tflite", "npu", "fp16")
TTAM = facts_of("efficienttam_s_512x512", 512)


def test_without_its_own_row_a_model_is_what_the_regression_says():
    rows = [row for row in published_rows() if (row.model, row.device) != (TTAM.model, "iphone15_pro_max")]
    alone = estimate_core_ml(TTAM, "iphone15_pro_max", rows=rows)
    renamed = replace(MOBILEVIT_LIKE, facts=replace(TTAM, model="a_model_of_the_same_facts"))
    found = estimate(renamed, "iphone15_pro", CORE_ML)
    assert alone.method == found.method == "regression over published models"
    assert alone.low < alone.ms < 80.6 < alone.high


def test_a_model_timed_on_one_galaxy_is_moved_to_another():
    """Nobody published this one of the S24."""
    workload = replace(MOBILEVIT_LIKE, facts=replace(TTAM, model="superpoint", stated_size=None))
    there, here = estimate(workload, "galaxy_s25", NPU), estimate(workload, "galaxy_s24", NPU)
    assert (there.method, here.method) == ("published", "transfer")
    [source] = [phone for phone in ("galaxy_s22", "galaxy_s25", "galaxy_s26") if f"on {phone}" in here.reason]
    ratio = transfer_ratio(source, "galaxy_s24", "tflite", "float").ratio
    assert here.ms == pytest.approx(ratio * estimate(workload, source, NPU).ms)
    assert here.high / here.low > there.high / there.low


def test_a_phone_with_the_same_chip_takes_as_long():
    workload = replace(MOBILEVIT_LIKE, facts=replace(TTAM, model="superpoint", stated_size=None))
    found = estimate(workload, "galaxy_s25_ultra", NPU)
    assert "on galaxy_s25, which has the same chip" in found.reason
    assert found.ms == estimate(workload, "galaxy_s25", NPU).ms


@pytest.mark.parametrize("device", ["iphone_xs", "iphone11_pro"])
def test_older_iphones_are_not_what_the_regression_is_of(device):
    with pytest.raises(ValueError, match="nothing is known of coreml"):
        estimate(MOBILEVIT_LIKE, device, CORE_ML)


def test_what_a_regression_asks_for_is_counted_from_kernels_where_nobody_knows_the_model():
    facts = facts_of_kernels(question(MOBILEVIT_LIKE, "iphone13", CORE_ML))
    kernels = MOBILEVIT_LIKE.graphs["classify"]
    assert facts.gmacs == pytest.approx(sum(kernel.macs for kernel in kernels) / 1e9)
    assert facts.params_m == pytest.approx(sum(kernel.weights for kernel in kernels) / 1e6)
    assert (facts.size, facts.kind) == (256, "hybrid")


def test_every_published_row_of_the_model_is_shown_beside_its_estimate():
    workload = replace(MOBILEVIT_LIKE, facts=TTAM)
    found = estimate(workload, "iphone15_pro_max", CORE_ML)
    assert {row.ms for row in found.rows} >= {80.6}


L1 = replace(MOBILEVIT_LIKE, facts=facts_of("efficientformer_l1", 224))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_core_mls_rows_in_fp16_are_not_those_of_another_precision(precision):
    assert estimate(L1, "iphone12", Conditions("coreml", None, "fp16")).ms == 1.6
    with pytest.raises(NoEstimate, match=f"in {precision}.*coreml in fp16"):
        estimate(L1, "iphone12", Conditions("coreml", None, precision))


@pytest.mark.parametrize("unit", ["cpu", "gpu"])
def test_rows_on_what_core_ml_chose_are_not_those_of_one_unit(unit):
    assert estimate(L1, "iphone12", Conditions("coreml", "npu", "fp16")).ms == 1.6
    with pytest.raises(NoEstimate):
        estimate(L1, "iphone12", Conditions("coreml", unit, "fp16"))


def test_published_rows_are_of_the_cores_that_a_runtime_takes_by_default():
    [row] = find("fastsam_s", device="galaxy_s24", runtime="executorch")
    workload = replace(MOBILEVIT_LIKE, facts=replace(TTAM, model="fastsam_s", stated_size=None))
    found = [estimate(workload, "galaxy_s24", Conditions("executorch", "cpu", "fp32", cores=cores)).method
             for cores in ("", "1small")]  # fmt: skip
    assert row.ms == 184
    assert found == ["published", "alike device"]


@pytest.mark.parametrize("device", ["iphone15", "iphone15_pro_max"])
def test_of_the_npu_it_is_said_that_the_rows_left_the_unit_to_core_ml(device):
    model = replace(MOBILEVIT_LIKE, facts=TTAM)
    said = "; the rows leave the unit to Core ML, which may not take the npu"
    assert said in estimate(model, device, Conditions("coreml", "npu", "fp16")).reason
    assert said not in estimate(model, device, Conditions("coreml", "all", "fp16")).reason


def test_of_rows_that_were_held_to_the_npu_nothing_is_left_open():
    model = replace(MOBILEVIT_LIKE, facts=facts_of("swiftformer_xs", 224))
    found = estimate(model, "iphone14", Conditions("coreml", "npu", "fp16"))
    assert {row.unit for row in found.rows} == {"npu"}
    assert (found.method, "leave the unit" in found.reason) == ("published", False)
