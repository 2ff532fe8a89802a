"""`vitexport` itself: its commands by name, each imported when it is called, so that help costs no import."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

from exporter.exit_codes import UNREAD

COMMANDS = {
    "advise": "Tell which devices, formats, precisions and sizes of MODEL keep up with so many frames a second.",
    "bench": "Measure the artefacts of BUNDLE, or single kernels, here or on a phone, for the latency database.",
    "devices": "List devices, or all facts about DEVICE.",
    "export": "Export MODEL to a verified bundle (the default command).",
    "formats": "List formats and their toolchains, or explain what became of a bundle's graphs in each.",
    "latency": "Tell how long MODEL takes on a device, and where the figure comes from; exports nothing.",
    "lint": "Look for what may go wrong on the device, in MODEL's programs or in all of BUNDLE; runs nothing.",
    "models": "List models, or those that match PATTERN.",
    "run": "Classify IMAGE with the artefacts of BUNDLE, or, with a tracker, find what a prompt points at.",
    "serve": "Serve latencies to a team, with a page (the default), or the web app, to try a tracker (`serve app`).",
    "slim": "Cut MODEL down to a budget of a device, such as half its latency, at the least loss of accuracy.",
    "track": "Follow objects through VIDEO, a file or a folder of frames, with the artefacts of BUNDLE.",
    "verify": "Run every artefact of BUNDLE again, from disk.",
}
"""Name of a command, of its module in this folder, and of the function in there -> the first sentence of its help"""


class DefaultCommand(click.Group):
    """A group in which a line that names no command is an `export`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags = next((index for index, argument in enumerate(args) if not argument.startswith("-")), 0)
        if args and args[flags] in COMMANDS:
            args = [args[flags], *args[:flags], *args[flags + 1 :]]
        if args and args[0] not in (*COMMANDS, *ctx.help_option_names, "--version"):
            meant = get_close_matches(args[0], COMMANDS, n=1, cutoff=0.75)
            if meant:
                raise click.UsageError(f"There is no command or model {args[0]!r}; did you mean {meant[0]!r}?")
            args = ["export", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # of which click makes the same, after an empty line
            raise click.Abort from None
        except BrokenPipeError:  # of which click makes exit code 1
            raise click.exceptions.Exit(UNREAD) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"exporter.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but from the table: nothing is imported."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, click.Command(name, help=COMMANDS[name]).get_short_help_str(room)) for name in names]
            )


@click.group(cls=DefaultCommand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vitexport")
def cli() -> None:
    """Vision transformers to phones: export, verify, run.

    `vitexport MODEL --target DEVICE` is short for `vitexport export MODEL --target DEVICE`.
    """
