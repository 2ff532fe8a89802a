"""python -m exporter.mil model.mlpackage inputs.npz: run an mlprogram on any system."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from exporter import mil
from exporter.errors import VitexportError
from exporter.mil.half import SHARE


@click.command(name="python -m exporter.mil")
@click.argument("package", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--arithmetic", type=click.Choice(["fp32", "fp16"]), help="Default: what the program declares.")
@click.option("--share", type=float, default=SHARE, show_default=True,
              help="In fp16: name the first operation that loses more than this share of its range.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the outputs to this .npz file.")
def main(package: Path, inputs: Path | None, arithmetic: Any, share: float, out: Path | None) -> None:
    """Run the mlprogram in PACKAGE on INPUTS, an .npz file with an array for each of its inputs.

    Images are RGB, 0–255, [1, 3, height, width]. Without INPUTS, say what the program takes.
    """
    program = mil.load(package)
    arithmetic = arithmetic or ("fp16" if program.half else "fp32")
    if inputs is None:
        for declared in program.inputs:
            click.echo(f"input   {declared.name}  {declared.type} {list(declared.shape)}")
        for declared in program.outputs:
            click.echo(f"output  {declared.name}  {declared.type} {list(declared.shape)}")
        return
    given = _read(inputs)
    outputs = mil.run(program, given, arithmetic)
    for name, value in outputs.items():
        click.echo(f"{name}  {value.dtype} {list(value.shape)}  from {value.min():.6g} to {value.max():.6g}")
    if out is not None:
        np.savez(out, **outputs)  # type: ignore[arg-type]  # its stub takes them for its option
    if arithmetic == "fp16":
        click.echo(
            str(mil.first_loss(program, given, share) or f"No operation loses more than {share:g} of its range.")
        )


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except (ValueError, OSError) as error:
        raise VitexportError(f"{path} is no .npz file of arrays ({error}): write one with numpy.savez.") from error


if __name__ == "__main__":
    try:
        main()
    except VitexportError as mistake:
        click.echo(f"exporter.mil: {mistake}", err=True)
        sys.exit(2)
