"""A file of weights as Python values. What it is says its content and not its name; no code from it is ever run."""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import pickletools
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from exporter.errors import WeightsError
from exporter.mistaken_files import HEAD, mistaken

_NO_CHECKPOINTS: tuple[tuple[str, str], ...] = (
    (r"\x89HDF", "an HDF5 file, as Keras writes; pass weights of PyTorch"),
    (r"....TFL3", "a TFLite model; pass the PyTorch weights that it was made from"),
    (r"GGUF", "a GGUF file; pass weights of PyTorch"),
    (r"\x93NUMPY", "a NumPy array; pass a state dict"),
    (r"\x08.{0,40}(pytorch|onnx|torch)", "an ONNX model; pass the PyTorch weights that it was made from"),
)
"""How files begin that people take for weights, beside what is passed in place of any file -> what they are, and what
to do."""

_PROGRAMS = {
    "/constants.pkl": "a TorchScript program",
    "/archive_format": "a program of torch.export (.pt2)",
    "serialized_exported_program.json": "a program of torch.export (.pt2)",
}
"""How the name of a file in a zip ends -> what the zip is"""

_NUMPY_ARRAY = ("multiarray._reconstruct", "numeric._frombuffer")
"""How the functions are called that make one anew"""

_PART = re.compile(r"-\d+-of-\d+\.")
"""In the names of files that hold a part of the weights each."""

_WHOLE_FILES = ("model.safetensors", "pytorch_model.bin")
"""Files of weights in a folder of Hugging Face's."""


def read_checkpoint(path: Path) -> Mapping[Any, Any]:
    """What a file of PyTorch or safetensors holds by name, tensors on the CPU; of a list by number, of a single value
    nothing. Raises `WeightsError`."""
    if path.is_dir():
        raise WeightsError(_folder(path))
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; --weights takes auto, required, random or a path.")
    with path.open("rb") as file:
        start = file.read(HEAD)
    if start.startswith(b"PK"):
        _check_zip(path)
    elif found := mistaken(start, "file of weights"):
        raise WeightsError(f"{path} is not a readable checkpoint: it is {found.what}; {found.remedy}.")
    elif start[8:9] == b"{":
        return _safetensors(path)
    else:
        for pattern, what in _NO_CHECKPOINTS:
            if re.match(pattern.encode("latin-1"), start, re.IGNORECASE | re.DOTALL):
                raise WeightsError(f"{path} is not a readable checkpoint: it is {what}.")
    content = _unpickled(path)
    if isinstance(content, list | tuple):
        return dict(enumerate(content))
    return content if isinstance(content, Mapping) else {}


def _folder(path: Path) -> str:
    """What to do about a folder in place of a file."""
    parts = sorted(one.name for one in path.iterdir() if _PART.search(one.name))
    if parts:
        return (
            f"There is no weights file {path}: it is a folder with weights in several files, such as {parts[0]}; save "
            "them as one, with save_pretrained(…, max_shard_size='10GB')."
        )
    files = [name for name in _WHOLE_FILES if (path / name).is_file()]
    files = files or sorted(
        one.name for one in path.iterdir() if one.suffix.lower() in (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
    )
    if not files:
        return f"There is no weights file {path}: it is a folder, with no checkpoint in it; pass a file."
    return f"There is no weights file {path}: it is a folder; pass a file in it, such as {path / files[0]}."


def _safetensors(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WeightsError(
            f"{path} is not a readable safetensors file: {error}; it is damaged or cut off, so fetch it again."
        ) from error


def _check_zip(path: Path) -> None:
    """Raise `WeightsError` for a zip that torch.save did not write, or of which a byte is another than was written."""
    damaged = WeightsError(f"{path} is not a readable PyTorch checkpoint: it is damaged; fetch it again.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            # torch.save leaves them out where it is told to, and then PyTorch alone can read the archive.
            whole = not any(member.CRC for member in members) or archive.testzip() is None
    except Exception as error:  # of zipfile, or of what unpacks a record that seems compressed
        raise damaged from error
    if not whole:
        raise damaged
    names = [member.filename for member in members]
    for end, program in _PROGRAMS.items():
        if any(name.endswith(end) for name in names):
            raise WeightsError(
                f"{path} was refused, because it is {program} and not weights; "
                "save the state dict of its model with torch.save, or ask its author for a .safetensors file."
            )
    if not any(name.endswith("data.pkl") for name in names):
        raise WeightsError(
            f"{path} is not a readable PyTorch checkpoint: it is an archive of other files "
            f"({', '.join(names[:3])}{', …' if len(names) > 3 else ''}); unpack it and pass the file of weights."
        )


def _inert() -> list[Any]:
    """Classes that training scripts save beside the weights, and that do nothing when they are made."""
    scalar = np.float64(0).__reduce__()[0]
    dtypes = [type(np.dtype(kind)) for kind in ("f8", "f4", "f2", "i8", "i4", "u1", "?")]
    return [
        argparse.Namespace,
        pathlib.PosixPath,
        pathlib.PurePosixPath,
        np.dtype,
        *dtypes,
        scalar,
        (scalar, "numpy.core.multiarray.scalar"),  # as NumPy 1 called it
    ]


def _unpickled(path: Path) -> Any:
    try:
        # Opened here, because PyTorch judges a path by its name.
        with path.open("rb") as file, torch.serialization.safe_globals(_inert()):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # on damaged bytes the unpickler raises whatever they lead it to
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if wanted := refused[1] if refused else _code_in_pickle(path):
            alone = "its state dict alone"
            if wanted.endswith(_NUMPY_ARRAY):
                alone = "tensors in place of its NumPy arrays (torch.from_numpy)"
            raise WeightsError(
                f"{path} was refused, because it holds more than tensors ({wanted}) and reading it could run code; "
                f"ask its author for a .safetensors file, or save {alone} with torch.save."
            ) from error
        raise WeightsError(
            f"{path} is not a readable PyTorch checkpoint: it is damaged, or no state dict saved by torch.save; "
            "fetch it again, or ask its author for a .safetensors file."
        ) from error


def _code_in_pickle(path: Path) -> str | None:
    """The first function that a plain pickle would call or class that it would make; None if it is no pickle."""
    strings: list[str] = []
    with path.open("rb") as file, contextlib.suppress(ValueError, UnicodeDecodeError):
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name in ("GLOBAL", "INST"):
                return str(argument).replace(" ", ".")
            if opcode.name == "STACK_GLOBAL":
                return ".".join(strings[-2:])
            if isinstance(argument, str):
                strings.append(argument)
    return None
