"""Small packages of all kinds, made by coremltools as others make theirs."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import coremltools as ct
import pytest

from exporter.toolchain_noise import quiet


@pytest.fixture(scope="module")
def frozen():
    """Coremltools collects garbage in every conversion, and would look through all that is imported each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Saved:
    """Programs of coremltools' builder as packages in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, program: Any, name: str = "saved", **options: Any) -> Path:
        """The package of a program; `options` are those of `coremltools.convert`."""
        path = self.folder / f"{name}.mlpackage"
        with quiet("coremltools"):
            model = ct.convert(
                program,
                convert_to="mlprogram",
                compute_precision=ct.precision.FLOAT32,
                minimum_deployment_target=program.functions["main"].opset_version,
                skip_model_load=True,
                **options,
            )
        model.save(str(path))
        return path

    def edited(self, path: Path, edit: Callable[[Any], None]) -> Path:
        """The same package, its specification as `edit` leaves it."""
        (file,) = path.glob("Data/com.apple.CoreML/*.mlmodel")
        model = ct.utils.load_spec(str(file))
        edit(model)
        file.write_bytes(model.SerializeToString())
        return path


@pytest.fixture
def saved(tmp_path, frozen):
    return Saved(tmp_path)
