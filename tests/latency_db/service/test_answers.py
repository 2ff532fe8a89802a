"""What can be asked without a token, and what is said where there is no answer."""

import json
import os
import subprocess
from itertools import pairwise

import pytest

from tests.latency_db.service.serving import VITEXPORT, served

KEY = "linear 1x49x448>1x49x1792 linear float32"


def command(*arguments):
    """What the command line prints as JSON, of a user without own figures; in one thread, as the service, because
    several add up in another order."""
    done = subprocess.run(
        [VITEXPORT, *arguments, "--json"], capture_output=True, text=True, check=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    return json.loads(done.stdout)


def assert_problem(answer, status, said=""):
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json
    assert problem["status"] == status
    assert said in problem["detail"]
    assert problem["detail"].count("\n") == 0


def test_devices_and_models_are_those_of_the_profiles_and_of_the_index(service):
    devices = {one["id"]: one for one in service.ask("/v1/devices").json["devices"]}
    assert devices["pixel8"] | {"measured": False} == {
        "id": "pixel8", "name": "Google Pixel 8", "platform": "android", "soc": "Google Tensor G3", "year": 2023,
        "profile": True, "formats": ["executorch", "tflite"], "measured": False,
    }  # fmt: skip
    models = {one["id"]: one for one in service.ask("/v1/models").json["models"]}
    assert models["efficientformer_l1"]["top1"] == 80.502
    assert models["efficientformer_l1"]["usual_size"] in models["efficientformer_l1"]["sizes"]
    assert models["efficienttam_s"]["task"] == "track"


def test_an_estimate_is_that_of_the_command_line(service, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    expected = command("latency", "mobilevit_xs", "--target", "galaxy_s22", "--runtime", "tflite", "--unit", "gpu")
    found = service.ask("/v1/latency?model=mobilevit_xs&device=galaxy_s22&runtime=tflite&unit=gpu").json
    same = ("model", "size", "device", "runtime", "unit", "precision", "ms", "low", "high", "method", "coverage")
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}
    assert found["kernels"] == expected["kernels"]
    assert len(found["published"]) == len(expected["rows"])


def test_kernels_are_priced_as_often_as_they_are_there(service):
    def priced(count):
        asked = {"device": "pixel8", "runtime": "tflite", "kernels": [{"key": KEY, "count": count}]}
        return service.ask("/v1/estimate", asked).json

    one, three = priced(1), priced(3)
    assert one["kernels"][0]["key"] == KEY
    assert three["kernels"][0]["count"] == 3
    assert one["ms"] < three["ms"]


def test_ten_thousand_kernels_are_taken_and_one_more_is_not(service):
    def asked(number):
        return {"device": "pixel8", "runtime": "tflite", "kernels": [{"key": KEY}] * number}

    assert service.ask("/v1/estimate", asked(10_000)).status == 200
    assert_problem(service.ask("/v1/estimate", asked(10_001)), 422, "10000 items")


def test_published_rows_have_their_sources_and_what_is_doubtful(service):
    rows = service.ask("/v1/published?model=efficienttam_s").json["rows"]
    assert all(row["reference"] and row["licence"] for row in rows)
    assert all(bool(row["flag"]) == bool(row["flag_reason"]) for row in rows)
    assert not all(row["usable"] for row in rows)


def test_of_models_on_the_front_none_is_both_faster_and_more_accurate(service):
    found = service.ask("/v1/pareto?device=iphone15&runtime=coreml").json
    front = [one for one in found["models"] if one["front"]]
    assert all(one["ms"] <= other["ms"] and one["top1"] < other["top1"] for one, other in pairwise(front))
    for one in found["models"]:
        better = [other for other in front if other["ms"] <= one["ms"] and other["top1"] >= one["top1"]]
        assert better
    assert (found["runtime"], found["unit"], found["precision"]) == ("coreml", "all", "fp16")


def test_advice_is_that_of_the_command_line(service, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    expected = command("advise", "mobilevit_xs", "--fps", "30", "--target", "pixel7", "--size", "256")
    found = service.ask("/v1/advise?model=mobilevit_xs&fps=30&device=pixel7&size=256").json
    assert found["rows"] == expected["rows"]
    assert found["by_vendors"] == expected["by_vendors"]
    assert found["unknown_devices"] == list(expected["unknown_devices"])


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/latency?model=nothing&device=pixel8", 404, "There is no registered model 'nothing'"),
        (
            "/v1/latency?model=efficientformer_l1&device=pixel88",
            404,
            "There is no profile of 'pixel88': the closest",
        ),
        ("/v1/latency?model=efficientformer_l1&device=pixel8&size=223", 422, "not at 223"),
        (
            "/v1/latency?model=efficientformer_l1&device=pixel8&runtime=coreml",
            422,
            "Core ML runs on Apple systems only",
        ),
        ("/v1/latency?model=efficientformer_l1&device=pixel8&threads=99", 422, "99"),
        ("/v1/latency?model=efficientformer_l1", 422, "query.device: Field required"),
        ("/v1/latency?model=efficientformer_l1&device=pixel8&unit=fpga", 422, "query.unit"),
        ("/v1/advise?model=efficientformer_l1&fps=0", 422, "query.fps"),
        ("/v1/measurements?limit=501", 422, "query.limit"),
        ("/v1/measurements?before=99999999999999999999", 422, "query.before"),
        ("/v1/nothing", 404, "nothing under this path"),
        ("/page/../../pyproject.toml", 404, "nothing under this path"),
    ],
)
def test_what_has_no_answer_is_a_problem_in_one_sentence(service, path, status, said):
    assert_problem(service.ask(path), status, said)


def test_a_body_that_is_no_json_is_a_problem(service):
    assert_problem(service.ask("/v1/estimate", b"{"), 422, "JSON")
    assert_problem(service.ask("/v1/estimate", b"\xff"), 400, "The body is no JSON")


def test_a_method_that_a_path_does_not_know_and_a_name_that_is_not_the_services(service):
    assert_problem(service.ask("/v1/devices", method="DELETE"), 405, "does not know that method")
    assert_problem(service.ask("/v1/devices", headers={"Host": "evil.example"}), 400, "--allow-host")


def test_on_all_addresses_only_their_names_and_those_that_are_allowed_are_answered(database):
    with served(database, "--host", "0.0.0.0", "--allow-host", "proxy.example") as running:
        answers = {
            host: running.ask("/healthz", headers={"Host": host}).status
            for host in ("localhost:8000", "127.0.0.1", "proxy.example", "evil.example")
        }
    assert answers == {"localhost:8000": 200, "127.0.0.1": 200, "proxy.example": 200, "evil.example": 400}


def test_every_answer_says_what_a_browser_may_do_with_it(service):
    for path in ("/v1/devices", "/v1/nothing", "/healthz"):
        headers = service.ask(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Access-Control-Allow-Origin"] is None


def test_health_and_figures_for_prometheus(service):
    assert service.ask("/healthz").json["database"] == "sqlite"
    service.ask("/v1/devices?token=secret")
    text = service.ask("/metrics").body.decode()
    assert 'vitexport_requests_total{method="GET",route="/v1/devices",status="200"}' in text
    assert "secret" not in text


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/devices", "/page/page.css"])
def test_head_is_answered_as_get_without_a_body(service, path):
    got, head = service.ask(path), service.ask(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.body))


def test_of_a_model_that_there_is_not_the_closest_are_named(service):
    assert_problem(service.ask("/v1/latency?model=efficienttam_nano&device=pixel8"), 404, "efficienttam_nano_256x256")
