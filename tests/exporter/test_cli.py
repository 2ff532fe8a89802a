"""The command line as a user meets it: a real process, its output, its exit code."""

import contextlib
import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest

from exporter.images import sample_photo
from exporter.sample_clip import sample_clip
from exporter.video import video_writer

VITEXPORT = [sys.executable, "-c", "from exporter.cli import main; main()"]
QUICK = ["--image-size", "64", "--weights", "random"]


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VITEXPORT, *arguments], capture_output=True, text=True, check=False, **options)


def assert_one_sentence(done: subprocess.CompletedProcess[str], complaint: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert done.stderr.startswith("vitexport: ")
    assert done.stderr.count("\n") == 1


def test_help_imports_no_toolchain():
    heavy = "torch coremltools executorch litert_torch onnxruntime numpy pydantic rich"
    program = (
        "import sys\nfrom exporter.cli import main\nsys.argv = ['vitexport', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    for command in ("export", "models", "devices", "formats", "verify", "run"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize("arguments", [("mobilevit_xxs", "--target", "host"), ("--target", "host", "mobilevit_xxs")])
def test_export_is_the_default_with_options_before_or_after_the_model(arguments, tmp_path):
    done = run(*arguments, *QUICK, "--format", "onnx", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "passed, ONNX Runtime" in done.stdout
    assert "UNTRAINED" in done.stdout
    assert (tmp_path / "mobilevit_xxs-host-untrained" / "report.html").is_file()


def test_toolchain_noise_is_shown_if_asked_for(tmp_path):
    noisy = run("mobilevit_xxs", *QUICK, "--format", "tflite", "--out", str(tmp_path), "--verbose")
    assert "LiteRT-Torch Convert" in noisy.stdout + noisy.stderr


def test_toolchain_noise_is_hidden_from_a_terminal_too(bundles):
    leader, follower = pty.openpty()
    process = subprocess.Popen([*VITEXPORT, "verify", bundles["mobilevit"].path], stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux reports that the last writer has gone
        while chunk := os.read(leader, 4096):
            shown += chunk
    assert process.wait() == 0
    assert b": classify" in shown  # a step of the progress bar
    for noise in (b"torchao", b"cpuinfo", b"Warning", b"delegate for CPU"):
        assert noise not in shown


def test_a_flag_may_stand_before_its_command():
    assert len(json.loads(run("--json", "models", "mobilevitv2").stdout)) == 7


def test_json_is_all_that_is_printed(tmp_path):
    done = run("mobilevit_xxs", *QUICK, "--format", "tflite", "--out", str(tmp_path), "--json")
    assert done.stderr == ""
    content = json.loads(done.stdout)
    assert content["path"].endswith("mobilevit_xxs-host-untrained")
    assert content["manifest"]["artifacts"][0]["verification"]["status"] == "passed"


def test_verify_and_run_read_a_bundle(bundles):
    bundle = str(bundles["mobilevit"].path)
    verified = json.loads(run("verify", bundle, "--json").stdout)
    assert [entry["status"] for entry in verified["artifacts"]][1:] == ["passed", "passed", "passed"]
    assert verified["verdict"]["outcome"] == "passed"
    assert (verified["rollouts"], verified["regression"]) == ([], None)
    classified = run("run", bundle, str(sample_photo("china.jpg")))
    assert classified.returncode == 0
    assert "UNTRAINED" in classified.stdout
    assert len(classified.stdout.splitlines()) == 7  # a header, five classes, the warning
    answers = json.loads(run("run", bundle, str(sample_photo("china.jpg")), "--json", "--format", "tflite").stdout)
    assert len(answers["predictions"]["tflite"]) == 5
    assert answers["trained"] is False


def test_formats_explains_a_bundle(bundles):
    bundle = str(bundles["mobilevit"].path)
    explained = run("formats", "--explain", bundle)
    assert explained.returncode == 0
    assert "Nothing of it is left outside xnnpack." in explained.stdout
    assert "attention_as_matmuls" in explained.stdout
    entries = {entry["format"]: entry for entry in json.loads(run("formats", "--explain", bundle, "--json").stdout)}
    assert entries["executorch"]["delegation"]["macs"] == 1
    assert entries["tflite"]["delegation"] is None


def test_what_is_left_outside_a_delegate_is_named_with_its_modules(capsys):
    from exporter import terminal
    from exporter.manifest import Artifact, Delegation, Outside

    outside = Outside(operator="aten.sort", count=3, macs=2_500_000, where=("a.norm", "b.norm", "c.norm", "d.norm"))
    delegation = Delegation(delegate="xnnpack", operators=0.5, macs=0.75, pieces=4, outside=(outside,))
    fields = {
        "format": "executorch",
        "graph": "g",
        "operators": {"aten.sort": 3},
        "rewrites": (),
        "delegation": delegation,
    }
    terminal.print_delegation([Artifact.model_construct(**fields)])
    shown = capsys.readouterr().out
    assert "50.0%" in shown
    assert "75.0%" in shown
    assert "aten.sort" in shown
    assert "a.norm, b.norm, c.norm and 1 more" in shown


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames, _ = sample_clip(4, 48, 64)
    with video_writer(path, 8, 64, 48) as writer:
        for frame in frames:
            writer.write(frame)
    return str(path)


def test_track_follows_objects_in_the_order_of_their_prompts(tracker_bundle, clip, tmp_path):
    out = tmp_path / "out.mp4"
    prompts = ["--point", "32,24", "--point", "2,2,0", "--object", "--box", "10,10,40,40"]
    done = run("track", str(tracker_bundle.path), clip, *prompts, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "4 frames at" in done.stdout
    assert "UNTRAINED" in done.stdout
    figures = json.loads((tmp_path / "out.json").read_text())
    assert [len(entry["objects"]) for entry in figures["by_frame"]] == [2] * 4


def test_run_finds_what_a_prompt_points_at(tracker_bundle, tmp_path):
    out = tmp_path / "found.png"
    arguments = ["run", str(tracker_bundle.path), str(sample_photo("china.jpg")), "--point", "300,200"]
    assert_one_sentence(run(*arguments, "--out", str(tmp_path / "found")), "is no picture")
    (found,) = json.loads(run(*arguments, "--out", str(out), "--json").stdout)
    assert (found["format"], found["object"]) == ("onnx", 1)
    assert out.is_file()


def test_verify_follows_a_trackers_sequence_again(tracker_bundle):
    done = json.loads(run("verify", str(tracker_bundle.path), "--json").stdout)
    assert done["artifacts"][-1]["graph"] == "track_step"
    assert {entry["status"] for entry in (*done["artifacts"], *done["rollouts"])} == {"passed"}
    assert [entry["format"] for entry in done["rollouts"]] == ["onnx"]
    assert "an object is followed as by PyTorch in 24 frames." in done["verdict"]["sentence"]


def test_verify_shows_every_output_in_every_format_and_says_one_sentence(bundles):
    lines = run("verify", str(bundles["mobilevit"].path)).stdout.splitlines()
    header = next(number for number, line in enumerate(lines) if line.startswith("graph "))
    assert re.split(r"  +", lines[header])[-4:] == ["max abs", "relative", "PSNR, dB", "task metric"]
    rows = [line.split() for line in lines[header + 1 : -2]]
    assert rows[0][:2] == ["classify", "logits"]
    for row, format in zip(rows[-3:], ("executorch", "tflite", "onnx"), strict=True):
        assert format in row
        assert row[-2:] == ["top-1", "100.0%"]
    assert "formats agree with PyTorch within" in lines[-1]


@pytest.fixture
def smaller(bundles, tmp_path):
    """The same bundle, as if its ONNX artefact had been smaller once."""
    path = tmp_path / "smaller"
    shutil.copytree(bundles["mobilevit"].path, path)
    manifest = json.loads((path / "manifest.json").read_text())
    (onnx,) = (artifact for artifact in manifest["artifacts"] if artifact["format"] == "onnx")
    onnx["bytes"] //= 2
    manifest["provenance"]["vitexport"] = "0.0.1"
    (path / "manifest.json").write_text(json.dumps(manifest))
    return str(path)


def test_a_bundle_that_is_worse_than_an_earlier_one_exits_one(bundles, smaller):
    bundle = str(bundles["mobilevit"].path)
    worse = run("verify", bundle, "--against", smaller)
    assert worse.returncode == 1
    assert re.search(r"^onnx +classify +bytes .* 1% more +worse", worse.stdout, re.MULTILINE)
    assert "Note: vitexport: 0.0.1 in the old bundle, " in worse.stdout
    assert worse.stdout.splitlines()[-1] == f"{bundle} is worse than {smaller} in 1 figure."
    better = run("verify", smaller, "--against", bundle)
    assert better.returncode == 0
    assert better.stdout.splitlines()[-1] == f"{smaller} is no worse than {bundle}."


def test_a_regression_can_be_read_by_a_program(bundles, smaller):
    done = run("verify", str(bundles["mobilevit"].path), "--against", smaller, "--json")
    assert done.returncode == 1
    regression = json.loads(done.stdout)["regression"]
    assert regression["worse"] == 1
    (worse,) = (change for change in regression["changes"] if change["standing"] == "worse")
    assert (worse["format"], worse["graph"], worse["metric"]) == ("onnx", "classify", "bytes")
    assert worse["new"] in (2 * worse["old"], 2 * worse["old"] + 1)
    assert any(note.startswith("vitexport: 0.0.1") for note in regression["notes"])


def test_bundles_that_cannot_be_compared_are_refused_before_anything_runs(bundles, tracker_bundle, tmp_path):
    bundle = str(bundles["mobilevit"].path)
    assert_one_sentence(run("verify", bundle, "--against", str(tracker_bundle.path)), "cannot be compared")
    assert_one_sentence(run("verify", bundle, "--against", str(tmp_path)), "is no bundle")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "There is no prompt"),
        (["--point", "640,10"], "outside the frame, which is 64 x 48"),
        (["--point", "here"], "--point takes x,y"),
        (["--point", "5,5,inf"], "--point takes x,y"),
        (["--point", "5,5,0.7"], "label of a point"),
        (["--point", "5,5", "--object"], "after each --object"),
        (["--box", "1,2,3"], "--box takes left,top,right,bottom"),
        (["--box", "1,2,3,4", "--box", "1,2,3,4"], "put --object before"),
        (["--mask", "nothing.png"], "nothing.png"),
        (["--point", "1,1", "--start", "9"], "ends before frame 9"),
    ],
)
def test_a_prompt_that_is_none_is_one_sentence_and_leaves_nothing(tracker_bundle, clip, tmp_path, options, complaint):
    out = tmp_path / "out" / "out.mp4"
    assert_one_sentence(run("track", str(tracker_bundle.path), clip, *options, "--out", str(out)), complaint)
    assert not out.parent.exists() or not list(out.parent.iterdir())


def test_a_classifier_takes_no_prompts(bundles):
    photo = str(sample_photo("china.jpg"))
    assert_one_sentence(run("run", str(bundles["mobilevit"].path), photo, "--point", "1,1"), "takes no prompts")


def test_a_failed_verification_exits_one(bundles, tmp_path):
    from exporter.bundle import digest, read_vectors, write_vectors

    path = tmp_path / "bundle"
    shutil.copytree(bundles["mobilevit"].path, path)
    vectors = path / "vectors" / "classify.safetensors"
    given, expected = read_vectors(vectors)
    write_vectors(vectors, {"image": given["image"].astype("uint8")}, {"logits": expected["logits"] + 1})
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["graphs"][0]["vectors_sha256"] = digest(vectors)
    (path / "manifest.json").write_text(json.dumps(manifest))
    done = run("verify", str(path))
    assert done.returncode == 1
    assert "logits is off by" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("mobilvit_s",), "There is no model 'mobilvit_s'; closest are mobilevit_s"),
        (("modles",), "did you mean 'models'?"),
        (("mobilevit_s", "--target", "pixle8"), "the closest are pixel8"),
        (("mobilevit_s", "--traget", "pixel8"), "No such option"),
        (("mobilevit_s", "--min-os", "seventeen"), "--min-os takes an iOS version"),
        (("verify", "no-such-folder"), "is no bundle"),
        (("run", "no-such-folder", "photo.jpg"), "is no bundle"),
        (("devices", "nokia3310"), "the closest are"),
        (("models", "resnet"), "There is no model 'resnet'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_two(arguments, complaint):
    assert_one_sentence(run(*arguments), complaint)


def test_no_arguments_are_a_question():
    done = run()
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")


def test_brackets_in_what_is_printed_stay(capsys):
    from exporter import terminal

    terminal.print_table(("advice",), [("pip install 'vitexport[coreml]' [/a]",)])
    assert "pip install 'vitexport[coreml]' [/a]" in capsys.readouterr().out


def test_tables_have_a_row_for_everything():
    models = json.loads(run("models", "--json").stdout)
    assert len(models) == 29
    assert models[0]["hub_id"] == "timm/efficientformer_l1.snap_dist_in1k"
    devices = json.loads(run("devices", "--json").stdout)
    assert len(devices) == 22
    formats = json.loads(run("formats", "--json").stdout)
    assert [entry["format"] for entry in formats] == ["coreml", "coreai", "executorch", "tflite", "onnx"]
    assert all(entry["toolchain"] for entry in formats)
    for command, rows in (("models", 29), ("devices", 22), ("formats", 5)):
        assert len(run(command).stdout.splitlines()) > rows


def test_a_fact_from_memory_is_shown_as_such():
    line = next(line for line in run("devices", "pixel8").stdout.splitlines() if line.startswith("memory "))
    assert line.split()[1:] == ["8", "GB", "from", "memory"]
    assert "Google Tensor G3 ?" in run("devices").stdout


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    # A limit on the size of files makes writing fail as a full disk does, part of the way through.
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = run("mobilevit_xxs", *QUICK, "--format", "onnx", "--out", str(tmp_path), preexec_fn=limit)
    assert_one_sentence(done, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_nothing_behind(tmp_path, sent, code):
    arguments = ["mobilevit_xxs", *QUICK, "--format", "tflite", "--out", str(tmp_path)]

    def heed() -> None:
        signal.signal(sent, signal.SIG_DFL)  # a shell's background jobs, and so their children, ignore SIGINT

    with subprocess.Popen(
        [*VITEXPORT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed
    ) as process:
        while not list(tmp_path.glob(".vitexport-*/tflite")):  # lowering has begun
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(sent)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []
