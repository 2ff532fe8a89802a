"""python -m exporter.mil model.mlpackage inputs.npz: run an mlprogram on any system."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from exporter import faults
from exporter.errors import MissingPackageError, VitexportError
from exporter.exit_codes import FAULT, MISTAKE
from exporter.paths import check_input
from exporter.printable import complain, open_closed_streams, print_in_any_encoding, printable
from exporter.toolchain_noise import hidden

if TYPE_CHECKING:
    from exporter.mil import Program

NAMED = 5
"""How many classes of a classifier are printed"""


@click.command()
@click.argument("package", type=click.Path(exists=True, path_type=Path))
@click.argument("inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--function", metavar="NAME", help="Run this function of the package, not its default one.")
@click.option("--arithmetic", type=click.Choice(["declared", "fp32", "fp16"]), default="declared", show_default=True,
              help="Which results are rounded to half precision: those declared as such, none, or all.")  # fmt: skip
@click.option("--share", type=float, default=0.02, show_default=True,
              help="Where it rounds: name the first result that loses more than this share of its range.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the outputs to this .npz file.")
def main(
    package: Path, inputs: Path | None, function: str | None, arithmetic: Any, share: float, out: Path | None
) -> None:
    """Run the mlprogram in PACKAGE on INPUTS, an .npz file with an array for each of its inputs.

    Images are [1, 3, height, width], 0–255, in RGB unless it says BGR, and [1, 1, height, width] if GRAYSCALE. Without
    INPUTS, say what the program takes, and what functions the package has where there are several.
    """
    from exporter import mil

    given = {} if inputs is None else _read(inputs)
    shapes = {name: array.shape for name, array in given.items()}
    with hidden():  # importing coremltools prints a page about libraries that are not needed here
        program = mil.load(package, function, shapes)
    if inputs is None:
        _print(_signature(program))
        return
    outputs = mil.run(program, given, arithmetic)
    for name, value in outputs.items():
        _print(_shown(name, value, program.classes.get(name, ())))
    if out is not None:
        np.savez(out, **outputs)  # type: ignore[arg-type]  # its stub takes them for its option
    if arithmetic == "fp16" or (arithmetic == "declared" and program.half):
        loss = mil.first_precision_loss(program, given, share, arithmetic)
        _print([str(loss or f"No operation loses more than {share:g} of its range.")])


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(printable(line))


def _signature(program: Program) -> Iterator[str]:
    """What a program takes and returns, a line each."""
    if len(program.functions) > 1:
        for name in program.functions:
            default = ["default"] if name == program.functions[0] else []
            chosen = ["described below"] if name == program.function else []
            yield "  ".join(["function", name, *default, *chosen])
    for role, values in (("input", program.inputs), ("output", program.outputs)):
        for one in values:
            line = [f"{role:6}", one.name, f"{one.type} {list(one.shape)}"]
            if one.colour not in (None, "RGB"):
                line.append(str(one.colour))
            if one.default is not None:
                line.append(f"{one.default:g} if left out")
            if one.name in program.classes:
                line.append(f"of {_named(program.classes[one.name])}")
            yield "  ".join(line)


def _shown(name: str, value: NDArray[Any], classes: Sequence[str | int]) -> Iterator[str]:
    """An output: its range; of a classifier the label, and the most probable classes."""
    if classes and value.ndim == 0:
        yield f"{name}  {value}"
        return
    yield f"{name}  {value.dtype} {list(value.shape)}  from {float(value.min()):.6g} to {float(value.max()):.6g}"
    if classes:
        best = np.argsort(-value, kind="stable")[:NAMED]
        yield from (f"    {value[place]:.3f}  {classes[place]}" for place in best)


def _named(classes: Sequence[str | int]) -> str:
    further = [f"{len(classes) - NAMED} further classes"] if len(classes) > NAMED else []
    return ", ".join([*map(str, classes[:NAMED]), *further])


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file; raises `VitexportError`."""
    check_input(path, VitexportError)
    try:
        with np.load(path) as arrays:
            given = dict(arrays)
    except (ValueError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise VitexportError(f"{path} is no .npz file of arrays: write one with numpy.savez.") from error
    if any(array.dtype.kind not in "fiub" for array in given.values()):
        raise VitexportError(f"{path} holds arrays that are no numbers.")
    return given


if __name__ == "__main__":
    open_closed_streams()
    print_in_any_encoding()
    try:
        sys.exit(main(standalone_mode=False))
    except click.ClickException as error:
        problem = error.format_message()
    except (click.Abort, KeyboardInterrupt):
        problem = "Interrupted."
    except ModuleNotFoundError as error:
        problem = str(MissingPackageError(error, "coreml"))
    except (VitexportError, OSError) as error:
        problem = str(error)
    except SystemExit:
        raise
    except BaseException as error:
        faults.report("exporter.mil", error)
        sys.exit(FAULT)
    complain("exporter.mil", problem)
    sys.exit(MISTAKE)
