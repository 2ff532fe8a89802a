"""Names in checkpoints, manifests and file systems reach the terminal as text and as nothing else."""

import ast
import io
import json
import os
import shutil
import warnings
from pathlib import Path

import pytest
import torch

import exporter
from exporter.bundle import MANIFEST, Bundle
from exporter.cli import tables
from exporter.cli.export import print_bundle
from exporter.cli.progress import progress_bar, working
from exporter.errors import VitexportWarning
from exporter.media.images import sample_photo
from tests.exporter.cli.command_line import QUICK, assert_one_sentence, run, run_process
from tests.sealed import seal_again

HOSTILE = "\x1b]0;title\x07\nvitexport: all is well\r\u202e\u200b\x9b2J[/red]:smile:"
SHOWN = r"\x1b]0;title\x07\nvitexport: all is well\r\u202e\u200b\x9b2J[/red]:smile:"

ROOT = Path(exporter.__file__).parent
PRINTERS = {
    "cli/__init__.py": {"sys.stdout"},  # which it flushes
    "cli/tables.py": {"print", "sys.stdout", "rich.console", "rich.table", "rich.text"},
    "cli/progress.py": {"sys.stderr", "rich.console", "rich.progress", "rich.text"},
    "train/sample.py": {"print"},  # numbers
    "bench/index/published_graphs.py": {"print"},  # names of its own
    "bench/index/registered_graphs.py": {"print"},  # names of its own
    "train/nano.py": {"print"},  # names of its own, and the processor's
    "train/scenes/held_out.py": {"print"},  # numbers
    "mil/__main__.py": {"print"},
    "printable.py": {"print", "sys.stdout", "sys.stderr"},
    "toolchain_noise.py": {"sys.stdout", "sys.stderr"},
}
"""Files that print, or hold what prints -> by what"""


def printers(path: Path) -> set[str]:
    """What a file prints with, or could."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                found.add("print")
            case ast.Attribute(attr="echo" | "secho" | "echo_via_pager"):
                found.add("click.echo")
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" | "__stdout__" | "__stderr__"):
                found.add(f"sys.{node.attr}")
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "rich":
                found.add(module)
            case ast.Import(names=[ast.alias(name="rich")]):
                found.add("rich")
    return found


def test_nothing_prints_but_what_filters_text():
    found = {path.relative_to(ROOT).as_posix(): printers(path) for path in ROOT.rglob("*.py")}
    assert {name: by for name, by in found.items() if by} == PRINTERS


@pytest.fixture
def hostile_checkpoint(tmp_path):
    path = tmp_path / "names.pt"
    torch.save({f"stem.{HOSTILE}.{number}": torch.zeros(3) for number in range(30)}, path)
    return path


def test_names_in_a_checkpoint_are_shown_as_they_are(hostile_checkpoint, tmp_path):
    done = run(
        "mobilevit_xxs", *QUICK, "--weights", str(hostile_checkpoint), "--format", "onnx", "--out", str(tmp_path)
    )
    assert_one_sentence(done, f"stem.{SHOWN}.")
    assert done.stderr.strip().isprintable()


def test_names_of_files_are_shown_as_they_are(tmp_path):
    for line in (("verify",), ("formats", "--explain"), ("mobilevit_xxs", *QUICK, "--weights")):
        assert_one_sentence(run(*line, str(tmp_path / HOSTILE)), SHOWN)
    assert_one_sentence(run("verify", os.fsdecode(b"\xff")), r"\udcff")


def test_what_click_complains_of_is_shown_as_it_is():
    assert_one_sentence(run("mobilevit_xxs", f"--{HOSTILE}"), SHOWN)
    assert_one_sentence(run("mobilevit_xxs", "--precision", HOSTILE), SHOWN)
    assert_one_sentence(run("mobilevit_xxs", "one", HOSTILE), SHOWN)


def test_what_was_written_is_named_in_one_line_whatever_its_name(tracker_bundle, tmp_path):
    photo = tmp_path / "photo.jpg"
    shutil.copy(sample_photo("china.jpg"), photo)
    out = tmp_path / f"{HOSTILE.replace('/', '')}.png"
    done = run("run", str(tracker_bundle.path), str(photo), "--point", "9,9", "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    *table, picture = done.stdout.splitlines()
    assert len(table) == 2
    assert picture == f"Picture  {tmp_path / SHOWN.replace('/', '')}.png"


@pytest.fixture
def hostile_bundle(onnx_bundle):
    """One whose manifest has the text wherever it may say what it likes."""
    manifest = json.loads((onnx_bundle / MANIFEST).read_text())
    manifest["warnings"] = [HOSTILE]
    manifest["weights"]["source"] = manifest["target"]["name"] = manifest["model"]["name"] = HOSTILE
    (artifact,) = manifest["artifacts"]
    artifact["rewrites"] = [HOSTILE]
    artifact["verification"] |= {"status": "failed", "runtime": HOSTILE, "detail": HOSTILE}
    (onnx_bundle / MANIFEST).write_text(json.dumps(manifest))
    seal_again(onnx_bundle)
    return onnx_bundle


def test_what_a_manifest_says_is_shown_as_it_is(hostile_bundle, capsys):
    print_bundle(Bundle.open(hostile_bundle))
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    *_, warning, _, _ = shown.splitlines()
    assert warning == SHOWN
    assert shown.splitlines()[0].startswith(f"{SHOWN} at 64 px for {SHOWN}, ")
    assert f"onnx classify: {SHOWN}" in shown.splitlines()


def test_no_command_passes_on_what_a_manifest_says(hostile_bundle):
    bundle, photo = str(hostile_bundle), str(sample_photo("china.jpg"))
    for line in (("formats", "--explain", bundle), ("lint", bundle), ("verify", bundle), ("run", bundle, photo)):
        done = run(*line)
        assert (done.stdout + done.stderr).replace("\n", "").isprintable()
        assert all(shown.startswith("vitexport: ") for shown in done.stderr.splitlines())
    assert f"onnx classify was rewritten by {SHOWN}." in run("formats", "--explain", bundle).stdout.splitlines()


def test_json_is_ascii(hostile_bundle):
    done = run("formats", "--explain", str(hostile_bundle), "--json")
    assert done.stdout.isascii()
    assert json.loads(done.stdout)[0]["rewrites"] == [HOSTILE]


def test_warnings_are_a_line_each(capfd):
    with working(verbose=False):
        warnings.warn(HOSTILE, VitexportWarning, stacklevel=1)
    assert capfd.readouterr().err == f"vitexport: {SHOWN}\n"


def test_titles_headers_and_cells_are_shown_as_they_are(capsys):
    tables.print_table((HOSTILE,), [("cell" + HOSTILE,)], title="title" + HOSTILE)
    shown = "".join(line.strip() for line in capsys.readouterr().out.splitlines())
    assert shown.replace(" ", "") == f"title{SHOWN}{SHOWN}cell{SHOWN}".replace(" ", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_as_it_is(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal()
    with progress_bar(terminal) as progress:
        progress(HOSTILE, 0.5)
    assert SHOWN in terminal.getvalue()
    assert "\x07" not in terminal.getvalue()


@pytest.mark.parametrize("terminal", [Terminal(), io.StringIO()], ids=["terminal", "file"])
def test_a_line_about_work_is_shown_as_it_is(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(terminal) as progress:
        progress.say(HOSTILE)
    assert SHOWN in terminal.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_another_encoding_gets_escapes(encoding):
    done = run_process("models", "efficienttam_s", env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u2013" in done.stdout  # the dash of a figure that there is none of
