"""The regression over published models, on data that it should see through."""

import math
from dataclasses import replace

import numpy as np
import pytest

import device_profiles
from latency_db.fitting.coreml_residuals import left_out
from latency_db.published.coreml_models import ModelFacts
from latency_db.published.coreml_regression import CoreMLRegression, Timed, regression, training_rows
from latency_db.published.rows import find, published_rows


def timed(family: str, gmacs: float, device: str = "iphone12", name: str = "") -> Timed:
    facts = ModelFacts(name or f"{family}_{gmacs}", 224, 224, gmacs, 8 * gmacs, "cnn", family, "made up")
    return Timed(facts, device)


(ROW,) = find("efficientformer_l1", device="iphone12", size=224)
FAMILIES = {"quick": 0.7, "usual": 1.0, "slow": 1.5}
SIZES = (0.3, 0.5, 0.8, 1.2, 2.0, 3.0)
MODELS = [timed(family, gmacs, device) for family in FAMILIES for gmacs in SIZES for device in ("iphone12", "iphone13")]


def truth(one: Timed) -> float:
    return FAMILIES[one.facts.family] * one.facts.gmacs**0.6 * (0.8 if one.device == "iphone13" else 1.0)


def test_a_family_that_is_slower_than_its_arithmetic_stays_so_at_a_size_between():
    model = CoreMLRegression.fit(MODELS, [truth(one) for one in MODELS])
    for family in FAMILIES:
        new = timed(family, 1.6, name="new")
        assert math.exp(model.predict([new])[0][0]) == pytest.approx(truth(new), rel=0.08)


def test_one_row_that_is_far_off_moves_its_neighbours_little():
    times = [truth(one) for one in MODELS]
    times[4] *= 15
    spoilt, clean = CoreMLRegression.fit(MODELS, times), CoreMLRegression.fit(MODELS, [truth(one) for one in MODELS])
    new = [timed("quick", 0.9, name="new")]
    assert math.exp(abs(spoilt.predict(new)[0][0] - clean.predict(new)[0][0])) < 1.1


def test_it_is_less_sure_of_a_family_that_it_has_not_seen():
    model = CoreMLRegression.fit(MODELS, [truth(one) for one in MODELS])
    _, (known, unseen) = model.predict([timed("quick", 1.6), timed("other", 1.6)])
    assert unseen > 2 * known


def test_thousands_of_candidates_are_predicted_at_once():
    mean, deviation = regression().predict([timed("repvit", 0.5 + n / 1000, name="new") for n in range(3000)])
    assert mean.shape == deviation.shape == (3000,)
    assert np.all(np.diff(mean) > -1e-3)


def test_sisters_of_a_phone_share_its_chip():
    assert {timed("quick", 1, phone).line for phone in ("iphone12", "iphone12_pro", "iphone12_pro_max")} == {"iphone12"}
    assert timed("quick", 1, "iphone15").line != timed("quick", 1, "iphone15_pro_max").line


def test_every_iphone_from_the_12_on_has_a_line_of_its_chip():
    profiles = [one for one in device_profiles.all_devices() if one.platform == "ios" and one.year >= 2020]
    assert {"iphone16e", "iphone_air", "iphone_se3"} < {one.id for one in profiles}
    for one in profiles:
        chip = timed("quick", 1, one.id).chip
        assert f"Apple A{chip} " in f"{one.soc} ", one.id


@pytest.mark.parametrize("device", ["iphone16e", "iphone_air"])
def test_a_row_of_any_iphone_from_the_12_on_can_be_fitted(device):
    pairs = training_rows([*published_rows()[:200], replace(ROW, device=device)])
    assert pairs[-1][0].device == device
    CoreMLRegression.fit([one for one, _ in pairs], [row.ms for _, row in pairs])


def test_a_row_of_an_older_iphone_is_not_learned_from():
    assert not training_rows([replace(ROW, device=device) for device in ("iphone11_pro", "iphone_xs", "iphone120")])


def test_it_learns_from_no_doubtful_row():
    assert not [row for _, row in training_rows(published_rows()) if not row.usable]


def test_a_residual_comes_from_a_fit_without_the_model():
    few = [pair for pair in training_rows(published_rows()) if pair[0].facts.family == "repvit"]
    found = [one.residual for one in left_out("model", few) if one.model == "repvit_m1_5"]
    kept = [pair for pair in few if pair[0].facts.model != "repvit_m1_5"]
    again = CoreMLRegression.fit([pair[0] for pair in kept], [pair[1].ms for pair in kept])
    own = [pair for pair in few if pair[0].facts.model == "repvit_m1_5"]
    expected = [again.predict([one])[0][0] - math.log(row.ms) for one, row in own]
    assert len(own) > 2
    assert found == pytest.approx(expected, abs=1e-3)
