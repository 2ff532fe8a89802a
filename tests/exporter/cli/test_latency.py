"""`vitexport latency`: a figure, what it rests on, and what others published beside it."""

import json
import subprocess
import sys

import pytest

from latency_db import store
from tests.exporter.cli.command_line import assert_one_sentence, run

WITHOUT = ("torch", "sqlalchemy", "alembic")
SCRIPT = f"""
import sys
from exporter.cli import main
try:
    main()
finally:
    print(*sorted(set(sys.modules) & {set(WITHOUT)!r}), file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def no_database(monkeypatch, tmp_path):
    """Of the user's own"""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def asked(*arguments):
    done = run("latency", *arguments, "--json")
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("latency", "efficientformer_l1", "--target", "iphone12"),
        ("latency", "mobilevit_s", "--target", "pixel4", "--runtime", "tflite", "--unit", "gpu"),
        ("advise", "mobilevit_xxs", "--fps", "30", "--target", "pixel4"),
    ],
)
def test_a_registered_model_is_answered_without_torch_and_without_a_database(arguments):
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout
    assert done.stderr.split() == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("latency", "mobilevit_s", "--target", "pixel4", "--spread"), 0),
        (("latency", "mobilevit_s", "--target", "host"), 2),
        (("advise", "mobilevit_xxs", "--fps", "30", "--target", "pixel4"), 0),
    ],
)
def test_that_a_database_was_not_read_is_said_once(arguments, code, monkeypatch, tmp_path):
    with store.open() as opened:
        opened.measurements()
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)  # as if it were not installed
    done = run(*arguments)
    assert done.returncode == code
    said, *mistake = done.stderr.splitlines()
    assert said == (
        f"vitexport: Your own latencies in {tmp_path / 'data/vitexport/latency.sqlite3'} were not read, as sqlalchemy "
        "is not installed: pip install 'vitexport[store]'."
    )
    assert len(mistake) == (code == 2)


def test_the_published_row_of_the_model_is_shown_as_what_it_is():
    found = asked("efficienttam_s_512x512", "--target", "iphone15_pro_max")
    assert (found["ms"], found["method"]) == (80.6, "published")
    assert found["low"] < 80.6 < found["high"]
    assert [row["ms"] for row in found["rows"]] == [80.6]


def test_a_tracker_is_the_small_one_on_a_phone_as_it_is_for_an_export():
    short = asked("efficienttam_s", "--target", "iphone15_pro_max")
    assert (short["model"], short["size"]) == ("efficienttam_s_512x512", 512)
    assert asked("efficienttam_s", "--target", "iphone15_pro_max", "--size", "512")["ms"] == short["ms"] == 80.6


def test_the_kernels_are_those_of_a_frame_and_add_up():
    found = asked("efficienttam_s", "--target", "iphone15_pro_max")
    assert {kernel["graph"] for kernel in found["kernels"]} == {"encode_image", "track_step"}
    assert sum(kernel["count"] * kernel["ms"] for kernel in found["kernels"]) == pytest.approx(found["ms"])


def test_the_costliest_kernels_have_a_line_each_and_the_others_share_one():
    lines = run("latency", "mobilevit_s", "--target", "pixel4", "--runtime", "tflite").stdout.splitlines()
    assert lines[0] == "mobilevit_s at 256 px on Google Pixel 4: tflite in fp32 on the CPU, cores 1large"
    assert " ms, nine times in ten " in lines[1]
    assert lines[2].startswith("Roofline of the cell: ")
    table = lines[lines.index("") + 2 :]
    times = [float(line.partition(" by ")[0].split(" > ")[1].split()[2]) for line in table[:-1]]
    assert len(times) == 12
    assert times == sorted(times, reverse=True)
    assert " more " in table[-1]


def test_without_a_runtime_it_is_the_first_format_that_the_device_prefers():
    assert asked("mobilevit_s", "--target", "iphone13")["runtime"] == "coreml"
    assert asked("mobilevit_s", "--target", "pixel8")["runtime"] == "executorch"


def test_every_published_row_stands_beside_the_estimate_doubtful_ones_with_their_doubt():
    arguments = ("efficienttam_s", "--target", "iphone15_pro_max", "--size", "1024", "--spread")
    lines = run("latency", *arguments).stdout.splitlines()
    rows = lines[lines.index("Published latencies of it, each as it stands (3):") + 2 :]
    assert [row.split()[0] for row in rows[:3]] == ["iphone15_pro_max"] * 3
    assert rows[3] == "stands twice: the same figure stands in arXiv 2411.18933 Table 1"
    found = asked(*arguments)
    assert sorted((row["size"], row["flag"]) for row in found["spread"]) == [
        (512, ""), (1024, ""), (1024, "stands twice"),
    ]  # fmt: skip
    assert found["reason"].startswith("1 published row of 1 source; left out: 1010.8 ms (stands twice")


def test_what_the_user_imported_of_others_stands_beside_what_is_shipped(tmp_path):
    path = tmp_path / "paper.csv"
    path.write_text(
        "subject,device,runtime,unit,p50_ms,quality,note,reference,licence\n"
        "efficienttam_s 512x512 track,pixel8,tflite,gpu,210,,,a paper,CC-BY-4.0\n"
        "efficienttam_s_512x512,pixel9,tflite,gpu,9,suspect,of a part,a page,none\n"
        "efficienttam_ti,pixel9,tflite,gpu,5,,,a page,none\n"
    )
    assert run("latency", "import", str(path)).returncode == 0
    arguments = ("efficienttam_s", "--target", "iphone15_pro_max", "--spread")
    found = [(row["device"], row["size"], row["ms"], row["flag"]) for row in asked(*arguments)["spread"]]
    assert ("pixel8", 512, 210.0, "") in found
    assert ("pixel9", None, 9.0, "suspect") in found
    assert len(found) == 5
    assert "suspect: of a part" in run("latency", *arguments).stdout


def test_what_nobody_stated_is_said_with_what_was_taken_instead():
    found = asked("mobilevit_s", "--target", "pixel4", "--runtime", "tflite")
    assert found["reason"].endswith("(on the CPU, in fp32, on cores 1large, as nothing else was said)")
    assert (found["unit"], found["precision"], found["cores"]) == ("cpu", "fp32", "1large")
    stated = asked("mobilevit_s", "--target", "pixel4", "--runtime", "tflite", "--unit", "gpu", "--precision", "fp32")
    assert "nothing else was said" not in stated["reason"]


def test_that_nobody_published_a_latency_is_said():
    arguments = ("mobilevit_xxs", "--target", "iphone13", "--spread")
    assert "No published latency of it is known." in run("latency", *arguments).stdout
    assert asked(*arguments)["spread"] == []


def test_a_size_that_is_not_in_the_index_is_captured():
    found = asked("mobilevit_xxs", "--target", "pixel4", "--runtime", "tflite", "--size", "64")
    assert (found["size"], found["method"]) == (64, "roofline of the cell")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("mobilvit_s", "--target", "pixel8"), "closest are mobilevit_s"),
        (("mobilevit_s", "--target", "pixle8"), "the closest are pixel8"),
        (("mobilevit_s",), "Missing option '--target'"),
        (("mobilevit_s", "--target", "pixel4", "--cores", "9"), "'9' are no cores"),
        (("mobilevit_s", "--target", "pixel4", "--runtime", "onnx"), "nothing is known of"),
        (("mobilevit_s", "--target", "pixel4", "--runtime", "coreml"), "Core ML runs on Apple systems only"),
        (("mobilevit_s", "--target", "host"), "nothing was measured on this machine"),
        (("efficienttam_s", "--target", "pixel4", "--size", "100"), "cannot take image size 100"),
        (("mobilevit_s", "--target", "pixel4", "--db", "nowhere"), "--db takes the URL of a database"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(arguments, complaint):
    assert_one_sentence(run("latency", *arguments), complaint)
