"""The command line as a whole: its commands, and what becomes of a mistake."""

from importlib import import_module
from pathlib import Path

import click
import pytest

import exporter.cli
from exporter.cli.group import COMMANDS, cli
from tests.exporter.cli.command_line import assert_one_sentence, run


def test_every_command_of_the_table_is_a_file_whose_help_begins_with_the_tables_sentence():
    folder = Path(exporter.cli.__file__).parent
    with_command = {
        name
        for name in (file.stem for file in folder.glob("*.py") if file.stem != "__init__")
        if isinstance(getattr(import_module(f"exporter.cli.{name}"), name, None), click.Command)
    }
    assert set(COMMANDS) == with_command
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command.name == name
        assert command.help.startswith(COMMANDS[name])


def lines():
    """Each command, and each of a group, with what is written to run it."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        yield (name,), command
        if isinstance(command, click.Group):
            yield from (((name, inner), one) for inner, one in command.commands.items())


def test_every_command_has_help_that_explains_each_of_its_options():
    for line, command in lines():
        done = run(*line, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        for option in command.params:
            assert isinstance(option, click.Argument) or (option.help and option.opts[0] in done.stdout), option.name


def test_a_flag_may_stand_before_its_command():
    assert run("--json", "models", "mobilevitv2").stdout == run("models", "mobilevitv2", "--json").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("mobilvit_s",), "There is no model 'mobilvit_s'; closest are mobilevit_s"),
        (("modles",), "did you mean 'models'?"),
        (("mobilevit_s", "--target", "pixle8"), "the closest are pixel8"),
        (("--target", "pixle8", "mobilevit_s"), "the closest are pixel8"),
        (("mobilevit_s", "--traget", "pixel8"), "No such option"),
        (("mobilevit_s", "--min-os", "seventeen"), "--min-os takes an iOS version"),
        (("mobilevit_s", "--precision", "fp8"), "'fp8' is not one of 'fp32', 'fp16'"),
        (("mobilevit_s", "--format", "onnx", "--precision", "fp16"), "onnx offers fp32, int8, int8-weights"),
        (("mobilevit_s", "--workers", "0"), "--workers"),
        (("verify", "no-such-folder"), "is no bundle"),
        (("run", "no-such-folder", "photo.jpg"), "is no bundle"),
        (("track", "no-such-folder", "clip.mp4"), "is no bundle"),
        (("formats", "--explain", "no-such-folder"), "is no bundle"),
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
