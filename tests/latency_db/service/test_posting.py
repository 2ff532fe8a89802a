"""What apps post is kept once, compared with its neighbours, and told what to think of it."""

import hashlib
import json
from pathlib import Path

import pytest

from latency_db import store
from latency_db.service.documents import Measurements
from tests.latency_db.packs import pack_beside, result_of
from tests.latency_db.service.results import CONTENT, SHA256, result
from tests.latency_db.service.test_answers import KEY, assert_problem


def rows(service, query="device=pixel8"):
    return service.ask(f"/v1/measurements?{query}").json["rows"]


def test_a_result_becomes_rows_with_a_verdict_and_counts_in_the_next_estimate(service):
    before = service.ask("/v1/latency?model=efficientformer_l1&device=pixel8&runtime=tflite").json
    answer = service.post(result(41.0))
    assert answer.status == 201
    (row,) = answer.json["rows"]
    assert (row["subject"], row["ms"], row["quality"]) == ("efficientformer_l1 224x224 classify", 41.0, None)
    assert row["expected"]["low"] < row["expected"]["high"]
    assert row["verdict"] in ("as expected", "slower", "faster")
    (kept,) = rows(service)
    assert (kept["id"], kept["ms"], kept["device"], kept["threads"], kept["os"]) == (
        row["id"], 41.0, "pixel8", 4, "Android 14",
    )  # fmt: skip
    assert kept["source"]["kind"] == "reported"
    after = service.ask("/v1/latency?model=efficientformer_l1&device=pixel8&runtime=tflite").json
    assert (after["ms"], after["method"]) == (41.0, "measured")
    assert before["method"] != "measured"


def test_the_same_bytes_are_kept_once(service):
    body = json.dumps(result(41.5)).encode()
    first, again = service.post(body), service.post(body)
    assert (first.status, again.status) == (201, 200)
    assert first.json["id"] == again.json["id"] == hashlib.sha256(body).hexdigest()
    assert [row["id"] for row in first.json["rows"]] == [row["id"] for row in again.json["rows"]]
    assert again.json["added"] is False


def test_what_contradicts_its_neighbours_is_kept_and_shown_as_such(service):
    (row,) = service.post(result(600.0)).json["rows"]
    assert (row["quality"], row["verdict"]) == ("suspect", "suspect")
    assert "times longer" in row["note"]
    assert [one["ms"] for one in rows(service, "quality=suspect")] == [600.0]
    found = service.ask("/v1/latency?model=efficientformer_l1&device=pixel8&runtime=tflite").json
    assert found["ms"] < 100


def test_a_check_says_the_same_and_keeps_nothing(service):
    before = rows(service)
    answer = service.ask("/v1/measurements/check", result(700.0))
    assert (answer.status, answer.json["added"]) == (200, False)
    (row,) = answer.json["rows"]
    assert (row["id"], row["verdict"]) == (None, "suspect")
    assert rows(service) == before


def test_what_was_measured_is_compared_with_what_would_be_expected_without_it(service):
    (row,) = service.ask("/v1/compared?device=pixel8").json["rows"]
    assert row["measured"] < 100
    assert row["predicted"] != row["measured"]
    assert row["inside"] == (row["low"] <= row["measured"] <= row["high"])


def test_after_many_posts_of_which_one_in_ten_ran_elsewhere_those_alone_are_marked(service):
    device = {"model": "Galaxy S22", "os": "Android 14"}
    for number in range(60):
        service.post(result((600 if number % 10 == 4 else 40) + number / 100, device=device))
    kept = service.ask("/v1/measurements?device=galaxy_s22&limit=500").json["rows"]
    assert len(kept) == 60
    assert {row["quality"] for row in kept if row["ms"] > 100} == {"suspect"}
    assert {row["quality"] for row in kept if row["ms"] < 100} == {None}


def test_a_phone_that_has_no_profile_may_post(service):
    answer = service.post(result(35.0, device={"model": "Nobody X1"}))
    assert answer.status == 201
    (row,) = answer.json["rows"]
    assert (row["expected"], row["verdict"]) == (None, "not known")
    assert service.ask("/v1/measurements/check", result(36.0, device={"model": "Nobody X1"})).status == 200
    assert "nobody_x1" in {one["id"] for one in service.ask("/v1/devices").json["devices"]}


def test_kernels_of_a_pack_that_was_posted(service, tmp_path):
    pack = pack_beside(tmp_path, [KEY])
    posted = result_of(pack, {KEY: {"p50": 0.5}})
    assert_problem(service.post(posted), 422, "Nobody has posted the manifest")
    assert service.post((tmp_path / "manifest.json").read_bytes(), "/v1/manifests").json == {
        "sha256": pack, "kind": "pack", "added": True,
    }  # fmt: skip
    (row,) = service.post(posted).json["rows"]
    assert (row["subject"], row["verdict"]) == (KEY, "not known")
    assert [one["ms"] for one in rows(service, "kind=kernel&model=linear")] == [0.5]


def test_pages_go_on_where_the_last_ended_whatever_is_added_meanwhile(service):
    first = service.ask("/v1/measurements?limit=2").json
    service.post(result(42.5))
    second = service.ask(f"/v1/measurements?limit=2&before={first['next']}").json
    ids = [row["id"] for row in [*first["rows"], *second["rows"]]]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 4
    Measurements.model_validate(first)  # which refuses fields that it does not have


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"manifest_sha256": "0" * 64}, "Nobody has posted the manifest 000000000000"),
        ({"graphs": {"track_step": {"p50": 1.0}}}, "the bundle has no graph 'track_step'"),
        ({"backend": "onnx"}, "the bundle has nothing in onnx"),
        ({"graphs": {"classify": {"p50": 1e300}}}, "milliseconds"),
        ({"graphs": {"classify": {"p50": "fast"}}}, "graphs.classify.p50"),
        ({"started_at": "0001-01-01T00:00:00+23:59"}, "check its clock"),
        ({"device": {"model": "電話"}}, "no letter from a to z"),
        ({"device": {"model": "Pixel 8", "os": "a\x00b 1"}}, "can be printed"),
        ({"schema": 2}, "schema"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_leaves_nothing(service, changed, said):
    before = rows(service, "limit=500")
    assert_problem(service.post(result(**changed)), 422, said)
    assert rows(service, "limit=500") == before


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_result_is_refused(service, body):
    assert_problem(service.post(body), 422, "The result")
    assert_problem(service.post(body, "/v1/manifests"), 422, "manifest")


def test_nobody_posts_without_a_valid_token(service):
    for body, path in ((result(1.0), "/v1/measurements"), (CONTENT, "/v1/manifests")):
        missing = service.ask(path, body)
        assert_problem(missing, 401, "The token is missing")
        assert missing.headers["WWW-Authenticate"] == "Bearer"
        assert_problem(service.ask(path, body, token="vitexport_wrong"), 401, "is not valid, or was revoked")
    with store.open(service.url) as opened:
        revoked = opened.tokens.add("lost")
        opened.tokens.revoke("lost")
    assert_problem(service.ask("/v1/measurements", result(1.0), token=revoked), 401, "was revoked")


def test_a_page_of_another_origin_may_post_and_not_read(service):
    origin = {"Origin": "https://app.example"}
    asked = service.ask(
        "/v1/measurements", method="OPTIONS",
        headers=origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
    )  # fmt: skip
    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (200, "*")
    posted = service.served.ask("/v1/measurements", result(41.0), token=service.token, headers=origin)
    assert posted.headers["Access-Control-Allow-Origin"] == "*"
    assert service.ask("/v1/measurements", headers=origin).headers["Access-Control-Allow-Origin"] is None


def test_no_token_is_in_the_database_or_in_what_the_service_writes(service):
    service.ask(f"/v1/measurements?token={service.token}")
    service.post(b"{")
    database = Path(service.url.removeprefix("sqlite:///"))
    for file in (database, database.with_name(f"{database.name}-wal")):
        assert service.token.encode() not in file.read_bytes()
    assert service.token not in service.served.log.read_text()


def test_a_manifest_has_the_name_that_results_call_it_by(service):
    again = service.post(CONTENT, "/v1/manifests")
    assert (again.status, again.json) == (200, {"sha256": SHA256, "kind": "bundle", "added": False})


def test_what_was_measured_on_a_device_is_found_by_each_of_its_names(service):
    assert rows(service, "device=Pixel+8") == rows(service, "device=pixel8") != []
