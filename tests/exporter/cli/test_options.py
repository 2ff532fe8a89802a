"""Options that several commands take."""

from typing import get_args

import click
import pytest

from device_profiles.vocabulary import Precision
from exporter.bundle import Bundle
from exporter.cli.group import COMMANDS, cli
from exporter.cli.options import min_os_option
from tests.exporter.cli.command_line import assert_one_sentence, run


def test_precisions_are_those_of_the_one_vocabulary_and_repeat_wherever_several_make_sense():
    repeats = {}
    for name in COMMANDS:
        for option in cli.get_command(click.Context(cli), name).params:
            if "--precision" in option.opts:
                assert tuple(option.type.choices) == get_args(Precision)
                repeats[name] = option.multiple
    assert repeats == {"advise": True, "export": True, "lint": True, "run": True, "track": False}


def test_the_size_of_an_image_has_both_names_wherever_it_is_an_option():
    named = {
        name: {"--size", "--image-size"} & set(option.opts)
        for name in COMMANDS
        for option in _parameters(name)
        if {"--size", "--image-size"} & set(option.opts)
    }
    assert named == {name: {"--size", "--image-size"} for name in ("advise", "export", "latency", "lint", "slim")}


def _parameters(name):
    command = cli.get_command(click.Context(cli), name)
    commands = command.commands.values() if isinstance(command, click.Group) else [command]
    return [parameter for one in commands for parameter in one.params]


@pytest.mark.parametrize("text", ["17", "iOS17", "ios 17", "17.0", " 17.4.1 "])
def test_an_ios_version_is_its_major_number_however_it_is_written(text):
    seen = []
    command = click.Command("any", callback=lambda min_ios: seen.append(min_ios))
    command = min_os_option("Any.")(command)
    command.main(["--min-os", text], standalone_mode=False)
    assert seen == [17]


@pytest.mark.parametrize("command", [("latency",), ("advise", "--fps", "30")])
def test_of_a_bundle_in_place_of_a_model_it_is_said_which_model_it_has(command, onnx_bundle):
    name = Bundle.open(onnx_bundle).manifest.model.name
    said = f"{onnx_bundle} is a bundle, of {name}, and this takes a model's name: pass {name}."
    assert_one_sentence(run(*command, str(onnx_bundle), "--target", "pixel8"), said)
