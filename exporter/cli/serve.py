"""`vitexport serve`: what it serves is a command of its own, and the default one's name may be left out."""

from __future__ import annotations

import click

from exporter.cli.group import COMMANDS
from exporter.cli.serve_app import app
from exporter.cli.serve_latency import latency
from exporter.cli.serve_token import token

DEFAULT = "latency"
"""What a line asks for that names no command"""


class Serve(click.Group):
    """A group in which a line that names no command asks for the default one, unless its options are the web app's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            default = self.commands[DEFAULT]
            given = {argument.partition("=")[0] for argument in args}
            if given & (_options(app) - _options(default)):
                raise click.UsageError(
                    "The web app is served by `vitexport serve app`: its options come after that, such as "
                    "`vitexport serve app --bundle BUNDLE`."
                )
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


def _options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


serve = Serve(
    "serve",
    commands={DEFAULT: latency, "token": token, "app": app},
    help=COMMANDS["serve"],
    epilog="`vitexport serve latency --help` lists the options of the latency service, whose name may be left out.",
)
