"""`vitexport advise`: which ways to export a model keep up, on which device."""

import json
import re

import pytest

import device_profiles
from tests.exporter.cli.command_line import assert_one_sentence, run


@pytest.fixture(autouse=True)
def no_database(monkeypatch, tmp_path):
    """Of the user's own"""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def advised(*arguments):
    return json.loads(run("advise", *arguments, "--json").stdout)


def test_every_device_is_asked_unless_some_are_named():
    found = advised("mobilevit_xxs", "--fps", "10", "--size", "256", "--format", "tflite")
    assert {row["device"] for row in found["rows"]} == set(device_profiles.names())


def test_a_device_is_asked_in_the_formats_that_it_prefers_on_each_unit_at_common_sizes():
    rows = advised("efficienttam_s", "--fps", "10", "--target", "iphone15_pro_max")["rows"]
    assert {(row["format"], row["unit"], row["precision"]) for row in rows} == {
        ("coreml", "all", "fp16"), ("executorch", "cpu", "fp32"), ("tflite", "cpu", "fp32"), ("tflite", "gpu", "fp32"),
    }  # fmt: skip
    assert {row["size"] for row in rows} == {256, 384, 512, 768, 1024}
    assert rows[0]["format"] == "coreml"
    assert (rows[0]["size"], rows[0]["ms"], rows[0]["surely"]) == (512, 80.6, True)


def test_a_browser_is_asked_in_what_it_runs():
    found = advised("mobilevit_xxs", "--fps", "10", "--size", "256", "--target", "browser")
    asked = ("tflite on the cpu", "onnx on the cpu", "onnx on the gpu")
    assert len(found["unknown"]) == len(asked)
    for reason, way in zip(found["unknown"], asked, strict=True):
        assert reason.startswith(f"nothing is known of {way} of browser in fp32: name browser and device, such as ")
    other = advised("mobilevit_xxs", "--fps", "10", "--size", "256", "--target", "browser", "--format", "executorch")
    assert [reason.partition(":")[0] for reason in other["unknown"]] == ["no browser runs executorch on the cpu"]


def test_it_is_said_on_how_many_devices_it_is_reached_and_how():
    lines = run("advise", "efficienttam_s", "--fps", "10", "--target", "iphone15_pro_max").stdout.splitlines()
    assert lines[0] == (
        "efficienttam_s is expected to reach 10 frames a second (100 ms each) on 1 of 1 device, "
        "on 1 with its whole interval."
    )
    assert lines[1].startswith("First: iphone15_pro_max, coreml in fp16 at 512 px: 80.6 ms (65.4 to 99.4); published")


def test_where_none_reaches_it_the_nearest_is_named():
    lines = run("advise", "efficienttam_s", "--fps", "500", "--target", "galaxy_a03s").stdout.splitlines()
    assert lines[0] == "efficienttam_s is not expected to reach 500 frames a second (2 ms each) on any of 1 device."
    assert lines[1].startswith("Nearest: galaxy_a03s, ")


def test_with_targets_it_is_said_what_each_row_rests_on_and_of_equal_ones_once():
    arguments = ("efficienttam_s", "--fps", "10", "--target", "iphone15_pro_max", "--format", "coreml")
    lines = run("advise", *arguments).stdout.splitlines()
    rest = [line for line in lines if line.startswith("iphone15_pro_max, coreml in fp16 at")]
    assert "iphone15_pro_max, coreml in fp16 at 512 px: published: 1 published row of 1 source." in rest
    assert any(" at 256, 384, 768 px: regression over published models: " in line for line in rest)
    assert len(rest) == 3
    assert "coreml in fp16 at" not in run("advise", *arguments[:3], "--format", "coreml").stdout.partition("\n\n")[2]


def test_what_hardly_known_rows_rest_on_is_said_only_where_there_are_no_others():
    arguments = ("efficienttam_s", "--fps", "10", "--target", "iphone15_pro_max", "--size", "1024")
    reason = "\niphone15_pro_max, tflite on gpu in fp32 at 1024 px: alike device: "
    assert reason not in run("advise", *arguments).stdout
    assert reason in run("advise", *arguments, "--format", "tflite").stdout


def test_devices_of_which_nothing_is_known_are_named_on_one_line_and_counted():
    arguments = ("mobilevit_xxs", "--fps", "10", "--target", "host", "--target", "pixel4", "--format", "tflite")
    lines = run("advise", *arguments, "--size", "256").stdout.splitlines()
    assert lines[0].endswith("on 1 of 2 devices, on 1 with its whole interval.")
    assert "Nothing is known of mobilevit_xxs on host." in lines
    assert any(line.startswith("Left out: nothing was measured on this machine under tflite") for line in lines)
    assert advised(*arguments)["unknown_devices"] == ["host"]


def test_where_nothing_at_all_is_known_that_is_said():
    lines = run("advise", "mobilevit_xxs", "--fps", "10", "--target", "host", "--format", "onnx").stdout.splitlines()
    assert lines[0] == "Nothing is known of mobilevit_xxs on host."
    assert lines[1].startswith("Left out: nothing was measured on this machine under onnx")


@pytest.mark.parametrize("device", ["iphone15", "iphone15_pro_max", "galaxy_s25"])
@pytest.mark.parametrize("fps", ["10", "1000"])
def test_what_is_hardly_known_comes_last_and_no_headline_names_it(device, fps):
    arguments = ("efficienttam_s", "--fps", fps, "--target", device)
    rows, headline = advised(*arguments)["rows"], run("advise", *arguments).stdout.splitlines()[1]
    assert [row["vague"] for row in rows] == sorted(row["vague"] for row in rows)
    assert rows[-1]["vague"]
    ways = {(row["format"], row["unit"], row["size"]): row["vague"] for row in rows}
    format, unit, size = re.search(r", (\w+)(?: on (\w+))? in \w+ at (\d+) px", headline).groups()
    assert not ways[format, unit or "all", int(size)]


def test_without_targets_each_device_has_one_line():
    done = run("advise", "mobilevit_xxs", "--fps", "10", "--size", "256", "--format", "tflite")
    starts = [line.split()[0] for line in done.stdout.splitlines() if line]
    assert all(starts.count(name) == 1 for name in device_profiles.names())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("mobilvit_s", "--fps", "10"), "closest are mobilevit_s"),
        (("mobilevit_s", "--fps", "0"), "ask for a number above 0"),
        (("mobilevit_s", "--fps", "10", "--target", "pixle8"), "the closest are pixel8"),
        (("mobilevit_s", "--fps", "10", "--format", "onxx"), "There is no format 'onxx'"),
        (
            ("mobilevit_s", "--fps", "10", "--format", "tflite", "--precision", "fp16"),
            "tflite offers fp32, int8, int8-weights, int8-dynamic and mixed, not fp16",
        ),
        (
            ("mobilevit_s", "--fps", "10", "--target", "pixel8", "--precision", "fp16"),
            "which are preferred there, comes in fp16: name another precision.",
        ),
        (
            ("mobilevit_s", "--fps", "10", "--target", "host", "--precision", "fp16"),
            "which are preferred there, comes in fp16: name coreml or coreai as --format.",
        ),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(arguments, complaint):
    assert_one_sentence(run("advise", *arguments), complaint)


def test_what_an_npu_reaches_only_with_a_delegate_of_its_vendor_is_said_in_one_line():
    arguments = ("mobilevit_s", "--fps", "30", "--target", "galaxy_s25")
    [line] = [line for line in run("advise", *arguments).stdout.splitlines() if "vendor" in line]
    assert line == (
        "It is reached on an NPU with a delegate of the chip's vendor, which vitexport does not make: "
        "galaxy_s25, tflite on npu in fp32 at 256 px: 2.24 ms (1.28 to 3.92)."
    )
    found = advised(*arguments)
    assert [(row["unit"], row["size"]) for row in found["by_vendors"]] == [("npu", 256)]
    assert not any(row["unit"] == "npu" for row in found["rows"])
    assert "vendor" not in run("advise", *arguments, "--size", "128").stdout
    assert "vendor" not in run("advise", "mobilevit_s", "--fps", "1000", "--target", "galaxy_s25").stdout


def test_the_verdict_names_what_is_hardly_known_and_might_reach_it():
    arguments = ("mobilevit_s", "--target", "pixel8", "--size", "128", "--fps")
    asked = "mobilevit_s is not expected to reach 60 frames a second (16.7 ms each) on any of 1 device"
    assert run("advise", *arguments, "60").stdout.splitlines()[0] == (
        f"{asked}; hardly known: pixel8, tflite on gpu in fp32 at 128 px might: 4.05 ms (0.879 to 18.7)."
    )
    assert run("advise", *arguments, "1000").stdout.splitlines()[0].endswith("on any of 1 device.")
    assert "might" not in run("advise", *arguments, "10").stdout
