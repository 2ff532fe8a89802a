"""What a large request costs is bounded before it is looked at, as anybody may ask."""

import json
from typing import get_args

import pytest

from device_profiles.vocabulary import Runtime
from latency_db.importers.app_json import BundleResult
from latency_db.limits import PACK_KERNELS
from latency_db.measurement import NumberFormat
from tests.latency_db.service.results import SHA256, result
from tests.latency_db.service.serving import served

KEY = "linear 1x49x448>1x49x1792 linear float32"
ASKED = {"device": "pixel8", "runtime": "tflite", "kernels": [{"key": KEY}]}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served(f"sqlite:///{tmp_path_factory.mktemp('large')}/latency.sqlite3") as service:
        yield service


def test_kernels_are_priced_as_often_as_is_said_or_refused(running):
    often = ASKED | {"kernels": [{"key": KEY, "count": 10_000}]}
    assert running.ask("/v1/estimate", often).json["kernels"][0]["count"] == 10_000
    answer = running.ask("/v1/estimate", often | {"kernels": often["kernels"] * 2})
    assert answer.status == 422
    assert "these are 20,000 kernels, and 10,000 are priced at once" in answer.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {f"a{number}": 1 for number in range(1_000)},
        ASKED | {"kernels": [{f"a{number}": 1 for number in range(1_000)}]},
        ASKED | {"kernels": [1] * 1_000},
        ASKED | {"kernels": [{"kee": KEY}] * 1_000},
    ],
)
def test_of_much_that_is_wrong_little_is_told(running, body):
    answer = running.ask("/v1/estimate", body)
    assert answer.status == 422
    assert len(answer.json["errors"]) <= 2
    assert len(answer.body) < 1_000


def test_of_a_result_that_is_larger_than_any_only_that_is_told(running):
    for named, times in (("pack_sha256", "kernels"), ("manifest_sha256", "graphs")):
        content = result()
        del content["graphs"], content["manifest_sha256"]
        content |= {named: SHA256, times: dict.fromkeys(map(str, range(PACK_KERNELS + 1)), 1)}
        answer = running.ask("/v1/measurements/check", content)
        assert answer.status == 422
        assert "there are 2,001, and a result has 2,000 at most" in answer.json["detail"]
    most = result(graphs={str(number): {"p50": 1.0} for number in range(PACK_KERNELS)})
    assert BundleResult.model_validate_json(json.dumps(most))


def test_what_is_asked_twice_is_looked_into_once_and_the_rest_is_counted_before_it_is_made(running):
    twice = "/v1/advise?model=efficientformer_l1&fps=30" + "&device=pixel8&size=224&format=tflite&precision=fp32" * 16
    assert {row["device"] for row in running.ask(twice).json["rows"]} == {"pixel8"}
    formats = "".join(f"&format={one}" for one in get_args(Runtime))
    precisions = "".join(f"&precision={one}" for one in get_args(NumberFormat))
    sizes = "".join(f"&size={one}" for one in range(1, 17))
    answer = running.ask(f"/v1/advise?model=efficientformer_l1&fps=30{formats}{precisions}{sizes}")
    assert answer.status == 422
    assert "name fewer devices, formats, precisions or sizes" in answer.json["detail"]


def test_more_advice_than_can_be_waited_for_is_refused(running):
    sizes = "&".join(f"size={size}" for size in (128, 160, 192, 224, 256, 288))
    answer = running.ask(f"/v1/advise?model=efficientformer_l1&fps=30&{sizes}")
    assert answer.status == 422
    assert "name fewer devices, formats, precisions or sizes" in answer.json["detail"]
