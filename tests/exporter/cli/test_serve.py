"""`vitexport serve` where no command follows it."""

import click
import pytest

from exporter.cli.serve import DEFAULT, Serve
from exporter.cli.serve_app import app
from tests.exporter.cli.command_line import assert_one_sentence, run


@pytest.mark.parametrize("options", [("--bundle", "bundles/tracker"), ("--pack=kernels.zip",), ("--https",)])
def test_a_line_of_the_web_app_without_its_name_says_what_it_is(options):
    assert_one_sentence(
        run("serve", *options), "The web app is served by `vitexport serve app`: its options come after"
    )


@pytest.fixture
def served():
    """The ports for which the default command was asked."""
    return []


@pytest.fixture
def serve(served):
    """The group with a default command, which has one option of the web app's."""
    port = click.Option(["--port"], type=int, default=8000)
    default = click.Command(DEFAULT, params=[port], callback=lambda port: served.append(port))
    return Serve("serve", commands={"app": app, DEFAULT: default})


@pytest.mark.parametrize(("arguments", "port"), [([], 8000), (["--port", "1"], 1), ([DEFAULT, "--port=2"], 2)])
def test_a_line_that_names_no_command_asks_for_the_default_one(serve, served, arguments, port):
    serve.main(arguments, standalone_mode=False)
    assert served == [port]


@pytest.mark.parametrize("options", [["--bundle", "bundles/tracker"], ["--port", "1", "--pack=kernels.zip"]])
def test_options_of_the_web_app_alone_are_not_given_to_the_default_command(serve, served, options):
    with pytest.raises(click.UsageError, match="served by `vitexport serve app`"):
        serve.main(options, standalone_mode=False)
    assert served == []


def test_help_lists_what_can_be_served(serve, capsys):
    serve.main(["--help"], standalone_mode=False)
    _, _, table = capsys.readouterr().out.partition("Commands:\n")
    assert [line.split()[0] for line in table.splitlines()] == ["app", DEFAULT]
