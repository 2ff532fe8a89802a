"""`vitexport export`: what it makes, and what it says of it."""

import json
import re

from exporter.bundle import Bundle
from exporter.cli.export import print_bundle, print_latencies
from exporter.contents import MANIFEST
from exporter.manifest import Latency
from tests.exporter.cli.command_line import QUICK, run, run_process


def test_several_precisions_of_a_format_are_in_one_bundle_whose_name_and_table_say_which(two_precisions):
    bundle = Bundle.open(two_precisions)
    made = [("coreml", "fp16"), ("coreml", "fp32"), ("onnx", "fp32")]
    assert [(variant.format, variant.precision) for variant in bundle.manifest.variants] == made
    shown = (two_precisions.parent / "stdout").read_text()
    for format, precision in made:
        assert re.search(rf"^{format} +classify +[\d.]+ +{precision} .* passed, ", shown, re.MULTILINE)
    assert "3 variants agree with PyTorch within" in shown


def test_what_was_made_is_said_last(two_precisions):
    *_, untrained, bundle, report = (two_precisions.parent / "stdout").read_text().splitlines()
    assert untrained.startswith("UNTRAINED: ")
    assert bundle.startswith("Bundle  ")
    assert bundle.endswith(f"/{two_precisions.name}")
    assert report.endswith(f"/{two_precisions.name}/report.html")
    assert (two_precisions / "report.html").is_file()


def test_what_a_variant_is_expected_to_take_is_said_where_it_is_known(two_precisions, capsys):
    manifest = Bundle.open(two_precisions).manifest
    first, *others = (one.model_copy(update={"latency": None, "missing": "x."}) for one in manifest.latencies)
    print_latencies(manifest.model_copy(update={"latencies": (first, *others)}))
    assert capsys.readouterr().out == ""
    latency = Latency(ms=12.5, low=11, high=14, method="kernel table", detail="", kernels={}, kernels_by="kernel table")
    known = first.model_copy(update={"latency": latency, "missing": None})
    print_latencies(manifest.model_copy(update={"latencies": (known, *others)}))
    _, _, row = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"coreml fp16 +12\.5 +11 to 14 +kernel table +\S.*", row)


def test_toolchain_noise_is_shown_if_asked_for(two_precisions):
    assert "Converting PyTorch Frontend ==> MIL Ops" in (two_precisions.parent / "stderr").read_text()


def test_that_an_earlier_bundle_gave_way_is_said(two_precisions, capsys):
    assert "takes the place" not in (two_precisions.parent / "stdout").read_text()
    print_bundle(Bundle(two_precisions, Bundle.open(two_precisions).manifest, "2026-11-26T09:30:00+00:00"))
    said = "It takes the place of the bundle that was made 2026-11-26T09:30:00+00:00."
    assert said in capsys.readouterr().out.splitlines()


def test_for_a_browser_it_makes_what_the_web_app_runs_and_says_why_no_latency_is_expected(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # nothing was measured
    done = run("mobilevit_xxs", "--target", "browser", *QUICK, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    manifest = Bundle.open(tmp_path / "mobilevit_xxs-browser-64px-untrained").manifest
    assert [(one.format, one.precision) for one in manifest.variants] == [("tflite", "fp32"), ("onnx", "fp32")]
    assert manifest.model.image_size == 64
    for one in manifest.latencies:
        assert one.latency is None
        assert one.missing.startswith(f"nothing is known of {one.format} on the cpu of browser in fp32: name browser")


def test_json_is_all_that_is_printed(onnx_bundle, tmp_path):
    # In a process that imports the toolchain that says most.
    path = tmp_path / "mobilevit_xxs-host-64px-untrained"
    onnx_bundle.rename(path)
    created = json.loads((path / MANIFEST).read_text())["created"]
    line = ["--target", "host", "mobilevit_xxs", *QUICK, "--format", "tflite", "--out", str(tmp_path), "--json"]
    done = run_process(*line)
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    assert content["path"] == str(path)
    assert content["manifest"]["artifacts"][0]["verification"]["status"] == "passed"
    assert content["replaced"] == created != content["manifest"]["created"]
