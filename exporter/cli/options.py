"""Options that several commands take; where the help depends on the command, it is passed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

import click

from device_profiles.vocabulary import Precision
from exporter.budgets import THREADS, Budget
from exporter.bundle import Bundle, is_bundle
from exporter.errors import VitexportError

if TYPE_CHECKING:
    from click.decorators import FC

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
db_option = click.option(
    "--db", "url", metavar="URL", envvar="VITEXPORT_DB", help="Database of latencies. Default: your own."
)
"""A URL may have a password, which is better kept in the variable: other users see command lines."""
verbose_option = click.option("--verbose", is_flag=True, help="Show what the toolchains print.")


def within(budget: Budget) -> Callable[[click.Context, click.Parameter, int | None], int | None]:
    """A callback that refuses a number which exceeds a budget."""

    def check(ctx: click.Context, option: click.Parameter, value: int | None) -> int | None:
        budget.check_option(value, VitexportError)
        return value

    return check


threads_option = click.option(
    "--threads", type=int, callback=within(THREADS), help="Threads of the runtime. Default: one for each core."
)
_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
precision_type = click.Choice(get_args(Precision))


def formats_option(help: str) -> Callable[[FC], FC]:
    return click.option("--format", "formats", multiple=True, metavar="FORMAT", help=help)


def precisions_option(help: str) -> Callable[[FC], FC]:
    return click.option("--precision", "precisions", multiple=True, type=precision_type, help=f"{help} Repeatable.")


def image_size_option(help: str) -> Callable[[FC], FC]:
    """Passed on as `image_size`; `--size`, as `latency` and `advise` call it, is another name of it."""
    return click.option("--image-size", "--size", "image_size", type=int, metavar="PIXELS", help=help)


def host_names(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    """A callback that refuses what is no name of a host."""
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise click.UsageError(f"{name} is no host name: pass it alone, such as --allow-host tracker.example.org.")
    return names


def refuse_bundle(ctx: click.Context, argument: click.Parameter, model: str) -> str:
    """A callback that refuses the folder of a bundle in place of a model's name, and says which model it has."""
    if is_bundle(model):
        name = Bundle.open(model).manifest.model.name
        raise click.UsageError(f"{model} is a bundle, of {name}, and this takes a model's name: pass {name}.")
    return model


def min_os_option(help: str) -> Callable[[FC], FC]:
    """Passed on as `min_ios`, the major version."""
    return click.option("--min-os", "min_ios", metavar="IOS", callback=_ios_version, help=help)


def _ios_version(ctx: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """17 from "17", "iOS17" or "17.0"."""
    if text is None:
        return None
    match = re.fullmatch(r"(?:ios)?\s*(\d+)(?:\.\d+)*", text.strip(), re.IGNORECASE)
    if match is None:
        raise click.UsageError(f"--min-os takes an iOS version such as 17, not {text!r}.")
    return int(match.group(1))
