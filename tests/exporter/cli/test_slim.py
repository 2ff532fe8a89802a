"""`vitexport slim` from the command line."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from exporter.exit_codes import INTERRUPTED
from exporter.slim.request import EPOCHS
from tests.exporter.cli.command_line import VITEXPORT, assert_one_sentence, run
from tests.exporter.slim.coloured import write_colours


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_colours(tmp_path_factory.mktemp("data"), 12)


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """Little is asked for: a step or two."""
    out = tmp_path_factory.mktemp("out")
    asked = ("efficientformerv2_s0", "--target", "iphone12", "--budget", "0.97x", "--data", str(data), "--epochs", "1")
    small = ("--image-size", "32", "--format", "onnx", "--out", str(out), "--json")
    return out, run("slim", *asked, *small)


def test_programs_read_what_was_found(done):
    out, ran = done
    found = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert found["predicted_ms"] <= found["budget_ms"] == pytest.approx(0.97 * found["parent_ms"])
    assert found["measured_ms"] is None
    assert 0 <= found["accuracy"] <= 1
    assert [one["name"] for one in found["baselines"]] == ["uniform", "random"]
    assert Path(found["report"]).name == "slimming.html"
    assert found["checkpoint"] == str(
        out / "efficientformerv2_s0-iphone12-0.97x" / "efficientformerv2_s0-iphone12-0.97x.safetensors"
    )


def test_each_step_is_a_line(done):
    _, ran = done
    lines = [line for line in ran.stderr.splitlines() if " of the budget, best of " in line]
    assert len(lines) == json.loads(ran.stdout)["steps"] > 0


def test_what_was_found_is_exported_by_its_path(done, tmp_path):
    _, ran = done
    checkpoint = json.loads(ran.stdout)["checkpoint"]
    exported = run(checkpoint, "--target", "pixel8", "--format", "onnx", "--out", str(tmp_path), "--workers", "1")
    assert exported.returncode == 0, exported.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["efficientformerv2_s0-iphone12-0.97x-pixel8"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mobilevitv2_050", "--budget", "0.5x"), "mobilevitv2_050 cannot be slimmed: name a registered model of"),
        (("efficientformer_l1", "--budget", "half"), "'half' is no budget"),
        (("efficientformer_l1", "--budget", "0.5x", "--data", "nowhere"), "nowhere is no folder"),
        (("efficientformer_l1", "--budget", "0.5x", "--target", "iphone99"), "there is no device 'iphone99'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, said, tmp_path):
    assert_one_sentence(run("slim", *arguments, "--out", str(tmp_path)), said)


def test_the_help_says_how_long_it_trains_by_default():
    text = " ".join(run("slim", "--help").stdout.split())
    assert f"Default: {EPOCHS['classify']}, of a tracker {EPOCHS['track']}." in text


def test_an_interrupt_keeps_what_was_done_and_says_how_to_go_on(data, tmp_path):
    line = [
        "efficientformerv2_s0",
        "--target",
        "iphone12",
        "--budget",
        "0.9x",
        "--data",
        str(data),
        "--image-size",
        "32",
    ]
    asked = [*VITEXPORT, "slim", *line, "--format", "onnx", "--out", str(tmp_path)]

    def take_signals():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs, and so their children, ignore it

    with subprocess.Popen(asked, stderr=subprocess.PIPE, preexec_fn=take_signals, start_new_session=True) as process:
        while not list(tmp_path.glob("*/request.json")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert stderr == b"vitexport: Interrupted; what was done is kept: pass --resume to go on with it.\n"
    assert list(tmp_path.glob("*/request.json"))
