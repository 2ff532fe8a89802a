"""An error that nobody foresaw is one sentence; the traceback is for whoever asks for it, and for these tests."""

import importlib
import sys
from types import SimpleNamespace

import click
import pytest

from exporter.cli.group import COMMANDS
from exporter.exit_codes import FAULT
from exporter.worker.stages import Stage, run_stages
from tests.exporter.cli.command_line import run


@pytest.fixture
def command(monkeypatch):
    """Adds a command, `failing`, that calls a function."""
    monkeypatch.delenv("VITEXPORT_TRACEBACK", raising=False)
    monkeypatch.setitem(COMMANDS, "failing", "Fail.")

    def add(function):
        verbose = click.Option(["--verbose"], is_flag=True, expose_value=False)
        made = click.Command("failing", callback=function, params=[verbose])
        monkeypatch.setitem(sys.modules, "exporter.cli.failing", SimpleNamespace(failing=made))

    return add


def unforeseen():
    raise KeyError("norm1\nvitexport: all is well\x1b[2J")


def too_deep():
    too_deep()


def too_large():
    bytes(1 << 60)


class Panic(BaseException):
    """As libraries in Rust raise."""


def panic():
    raise Panic("index out of bounds")


def in_a_stage():
    run_stages([Stage(name, lambda report: unforeseen()) for name in ("one", "two")], 2, lambda what, share: None)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (unforeseen, r"KeyError: 'norm1\nvitexport: all is well\x1b[2J'"),
        (too_deep, "RecursionError: maximum recursion depth exceeded"),
        (too_large, "MemoryError: "),
        (panic, "Panic: index out of bounds"),
        (in_a_stage, "KeyError: 'norm1"),
    ],
)
def test_it_is_one_sentence_with_the_way_to_report_it_and_exit_code_three(command, function, said):
    command(function)
    done = run("failing", faults=True)
    assert (done.returncode, done.stdout) == (FAULT, "")
    assert done.stderr.startswith(f"vitexport: An error that nobody foresaw ({said}")
    assert "issue tracker" in done.stderr
    assert done.stderr.count("\n") == 1


def test_so_is_an_error_while_something_is_imported(command, tmp_path, monkeypatch):
    (tmp_path / "broken_toolchain.py").write_text("raise ImportError('undefined symbol: _ZN3c10')")
    monkeypatch.syspath_prepend(tmp_path)
    command(lambda: importlib.import_module("broken_toolchain"))
    done = run("failing", faults=True)
    assert done.returncode == FAULT
    assert "(ImportError: undefined symbol: _ZN3c10)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("by_option", [True, False])
def test_the_traceback_is_shown_if_asked_for_and_forges_no_message(command, by_option, monkeypatch):
    def fail():
        raise ValueError("one\nvitexport: all is well\x1b[2J")

    command(fail)
    if not by_option:
        monkeypatch.setenv("VITEXPORT_TRACEBACK", "1")
    done = run("failing", *(["--verbose"] if by_option else []), faults=True)
    *trace, sentence = done.stderr.splitlines()
    assert sentence.startswith("vitexport: An error that nobody foresaw (ValueError: one)")
    assert trace[0] == "  Traceback (most recent call last):"
    assert trace[-2:] == ["  ValueError: one", r"  vitexport: all is well\x1b[2J"]
    assert all(line.startswith("  ") for line in trace)
    assert done.stderr.replace("\n", "").isprintable()


def test_the_traceback_of_a_process_beside_this_one_comes_with_it(command, monkeypatch):
    monkeypatch.setenv("VITEXPORT_TRACEBACK", "1")
    command(in_a_stage)
    assert "in unforeseen" in run("failing", faults=True).stderr


def test_tests_see_the_error_itself(command):
    command(unforeseen)
    with pytest.raises(KeyError, match="norm1"):
        run("failing")
