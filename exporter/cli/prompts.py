"""--point, --box, --mask and --object: what a user points at, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exporter.budgets import OBJECTS
from exporter.errors import PromptError

if TYPE_CHECKING:
    from exporter.inference.prompts import Prompt

_GIVEN = "prompts"
"""Where click's context keeps (option, value) pairs in the order in which they were given."""


class PromptOption(click.Option):
    """An option whose place among the other prompts counts: `--object` parts those of one object from the next's."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            option = parser._long_opt[name]
            option.process = partial(self._record, ctx, option.process)

    def _record(self, ctx: click.Context, process: Callable[[Any, Any], None], value: Any, state: Any) -> None:
        ctx.meta.setdefault(_GIVEN, []).append((self.name, value))
        process(value, state)


def prompt_options(command: Callable[..., None]) -> Callable[..., None]:
    """--point, --box, --mask and --object; `prompts_of` has what was given."""
    for option in (
        click.option("--object", cls=PromptOption, is_flag=True, expose_value=False,
                     help="Start another object, which the prompts after this belong to."),
        click.option("--mask", cls=PromptOption, multiple=True, expose_value=False, metavar="FILE.png[:NUMBER]",
                     help="A mask of the object, as large as the frame, or of several, each of which is one; "
                     "a number names one of them."),
        click.option("--box", cls=PromptOption, multiple=True, expose_value=False, metavar="L,T,R,B",
                     help="A box around the object."),
        click.option("--point", cls=PromptOption, multiple=True, expose_value=False, metavar="X,Y[,LABEL]",
                     help="A point on the object; with the label 0, beside it. Repeatable."),
    ):  # fmt: skip
        command = option(command)
    return command


def prompts_of(ctx: click.Context) -> list[Prompt]:
    """The prompt of each object, from options in the order in which they were given."""
    from exporter.inference.prompts import Prompt
    from exporter.media.mask_files import read_masks

    given: list[tuple[str, Any]] = ctx.meta.get(_GIVEN, [])
    objects: list[dict[str, Any]] = [{}]
    for name, value in given:
        if name == "object":
            objects += [{}] if objects[-1] or len(objects) > 1 else []
        elif name == "point":
            x, y, *label = _numbers(value, "--point", "x,y or x,y,label", 2, 3)
            objects[-1].setdefault("points", []).append((x, y))
            objects[-1].setdefault("labels", []).append(label[0] if label else 1)
        elif name in objects[-1]:
            raise click.UsageError(f"An object has one {name}: put --object before that of the next one.")
        elif name == "mask":
            first, *others = [{"mask": m, "number": n} for n, m in read_masks(*_file_and_number(value)).items()]
            objects[-1] |= first
            objects += others
        else:
            objects[-1]["box"] = _numbers(value, "--box", "left,top,right,bottom", 4, 4)
        OBJECTS.check(len(objects), "Each frame", PromptError)
    if given and not all(objects):
        raise click.UsageError("An object has no prompt: give --point, --box or --mask after each --object.")
    return [Prompt(**fields) for fields in objects if fields]


def mask_files(ctx: click.Context) -> list[Path]:
    """The files that --mask named."""
    return [_file_and_number(value)[0] for name, value in ctx.meta.get(_GIVEN, []) if name == "mask"]


def _file_and_number(value: str) -> tuple[Path, int | None]:
    """What --mask names: a file, and perhaps the number of an object in it."""
    file, colon, number = value.rpartition(":")
    if colon and number.isdecimal() and not Path(value).exists():
        return Path(file), int(number)
    return Path(value), None


def _numbers(text: str, option: str, form: str, least: int, most: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not all(map(isfinite, numbers)) or not least <= len(numbers) <= most:
        raise click.UsageError(f"{option} takes {form}, such as {','.join(['120'] * least)}, not {text!r}.")
    return numbers
