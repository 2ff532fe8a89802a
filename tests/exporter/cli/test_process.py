"""What only a process of its own shows: what it imports, what a terminal sees, and how it ends when it is stopped."""

import contextlib
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exporter.media.images import sample_photo
from tests.exporter.cli.command_line import QUICK, VITEXPORT, assert_one_sentence, run_process


def test_help_imports_no_toolchain():
    heavy = "torch coremltools executorch litert_torch onnxruntime numpy pydantic rich"
    program = (
        "import sys\nfrom exporter.cli import main\nsys.argv = ['vitexport', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    for command in ("export", "models", "devices", "formats", "lint", "verify", "run", "track"):
        assert f"  {command} " in done.stdout


def test_what_can_be_said_without_torch_is_said_without_it():
    program = "import sys\nfrom exporter.cli import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    for line in (["mobilvit_s"], ["export", "--help"], ["models"], ["devices", "pixel8"], ["formats"]):
        done = subprocess.run([sys.executable, "-c", program, *line], capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1] == "False", line


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


@pytest.fixture
def buffered(monkeypatch):
    """Python keeps output until it is a block, as it does where nobody says otherwise."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


@pytest.mark.usefixtures("buffered")
def test_a_reader_that_goes_away_is_no_error_of_an_artefact_and_nobody_is_told():
    read, write = os.pipe()
    os.close(read)
    for line in (["models"], ["models", "--json"]):
        done = subprocess.run([*VITEXPORT, *line], stdout=write, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")
    os.close(write)


@pytest.mark.usefixtures("buffered")
def test_a_reader_that_goes_away_hears_nothing_of_a_command_that_fails_either():
    program = (
        "import sys, types, click\nfrom exporter.cli import main, group, tables\n"
        "def fail():\n    tables.print_line('failed')\n    sys.exit(1)\n"
        "group.COMMANDS['fail'] = 'Fail.'\n"
        "sys.modules['exporter.cli.fail'] = types.SimpleNamespace(fail=click.Command('fail', callback=fail))\n"
        "sys.argv = ['vitexport', 'fail']\nmain()"
    )
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


@pytest.mark.usefixtures("buffered")
def test_output_that_cannot_be_written_is_one_sentence():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*VITEXPORT, "models"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("vitexport: No space left on device")
    assert done.stderr.count("\n") == 1


def nobody_reads() -> None:
    read, write = os.pipe()
    os.dup2(write, 2)
    os.close(read)


def full() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 2)


def closed() -> None:
    os.close(2)


@pytest.mark.usefixtures("buffered")
@pytest.mark.parametrize("stderr", [nobody_reads, full, closed], ids=lambda stderr: stderr.__name__)
@pytest.mark.parametrize(("command", "code"), [("['mobilvit_s']", 2), ("None", 3), ("['models']", 0)])
def test_where_stderr_takes_nothing_the_exit_code_is_the_same(command, code, stderr):
    """A mistake's, that of an error that nobody foresaw, and none."""
    program = f"import sys\nfrom exporter.cli import main\nsys.argv[1:] = {command} or [None]\nmain()"
    environment = os.environ | {"VITEXPORT_TRACEBACK": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, preexec_fn=stderr, env=environment, check=False
    )
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)


def test_run_prints_classes_and_nothing_else(onnx_bundle):
    done = run_process("run", str(onnx_bundle), str(sample_photo("china.jpg")))
    assert (done.returncode, done.stderr) == (0, "")
    assert "UNTRAINED" in done.stdout
    assert len(done.stdout.splitlines()) == 7  # a header, five classes, the warning


def test_track_follows_objects_in_the_order_of_their_prompts(tracker_bundle, clip, tmp_path):
    prompts = ["--point", "32,24", "--point", "2,2,0", "--object", "--box", "10,10,40,40"]
    done = run_process("track", str(tracker_bundle.path), clip, *prompts, "--out", str(tmp_path / "out.mp4"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 frames at" in done.stdout
    assert "UNTRAINED" in done.stdout
    figures = json.loads((tmp_path / "out.json").read_text())
    assert [len(entry["objects"]) for entry in figures["by_frame"]] == [2] * 4


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    # A limit on the size of files makes writing fail as a full disk does, part of the way through.
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = run_process("mobilevit_xxs", *QUICK, "--format", "onnx", "--out", str(tmp_path), preexec_fn=limit)
    assert_one_sentence(done, "File too large")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("sent", "code", "workers"), [(signal.SIGINT, 130, 1), (signal.SIGTERM, 143, 2)])
def test_an_interrupt_leaves_nothing_behind(tmp_path, sent, code, workers):
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    line = ["mobilevit_xxs", *QUICK, "--workers", str(workers), "--format", "tflite", "--out", str(out)]

    def take_signals() -> None:
        signal.signal(sent, signal.SIG_DFL)  # a shell's background jobs, and so their children, ignore SIGINT

    with subprocess.Popen(
        [*VITEXPORT, *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(scratch)},
        preexec_fn=take_signals,
        start_new_session=True,
    ) as process:
        while not list(out.glob(".vitexport-*/bundle/tflite")):  # lowering has begun
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, sent)  # as a terminal does
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    said = b"Interrupted" if sent == signal.SIGINT else b"Terminated"
    assert stderr == b"vitexport: " + said + b"; what was begun is removed, by the next run at the latest.\n"
    assert not out.exists()
    assert list(scratch.iterdir()) == []
    with pytest.raises(ProcessLookupError):  # nobody of them works on
        os.killpg(process.pid, 0)
