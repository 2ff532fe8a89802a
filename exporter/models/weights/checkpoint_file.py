"""A file of weights as Python values. What it is says its content and not its name; no code from it is ever run."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from exporter.budgets import WEIGHTS_FILE, WEIGHTS_HEADER, WEIGHTS_NAME, WEIGHTS_NAMES, check_growth
from exporter.errors import WeightsError
from exporter.mistaken_files import HEAD, mistaken
from exporter.models.weights.pickled import CodeInPickle
from exporter.models.weights.sets import containers
from exporter.models.weights.torch_file import read_archive, read_in_a_row
from exporter.paths import bytes_on_disk, check_input, check_name

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
    """The tensors that a file of PyTorch or safetensors holds by name, on the CPU, and mappings of those that it holds
    deeper, by the way to them, parts joined by dots. Raises `WeightsError`."""
    check_name(path, WeightsError)
    check_input(path, WeightsError, WEIGHTS_FILE)
    if path.is_dir():
        raise WeightsError(_folder(path))
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; --weights takes auto, required, random or a path.")
    check_growth(path.stat().st_size, bytes_on_disk(path), path, WeightsError)
    with path.open("rb") as file:
        start = file.read(HEAD)
    if start.startswith(b"PK"):
        return _tensors(_archive(path), path)
    if found := mistaken(start, "file of weights"):
        raise WeightsError(f"{path} is not a readable checkpoint: it is {found.what}; {found.remedy}.")
    if start[8:9] == b"{":
        return _tensors(_safetensors(path), path)
    for pattern, what in _NO_CHECKPOINTS:
        if re.match(pattern.encode("latin-1"), start, re.IGNORECASE | re.DOTALL):
            raise WeightsError(f"{path} is not a readable checkpoint: it is {what}.")
    with _refusing_code(path), path.open("rb") as file:
        return _tensors(read_in_a_row(file, path), path)


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


def _tensors(content: Any, path: Path) -> dict[str, Any]:
    """What is no tensor left out; raises `WeightsError` for more, or larger ones, than a file of its size may hold."""
    found: dict[str, Any] = {}
    count = size = 0
    for place, entries in containers(content):
        tensors = {str(key): value for key, value in entries.items() if isinstance(value, Tensor)}
        for name in (*map(str, place), *tensors) if tensors else ():
            WEIGHTS_NAME.check(len(name), path, WeightsError)
        count += len(tensors)
        size += sum(value.numel() * value.itemsize for value in tensors.values() if not value.is_meta)
        found |= {".".join(map(str, place)): tensors} if place and tensors else tensors
    WEIGHTS_NAMES.check(count, path, WeightsError)
    check_growth(size, bytes_on_disk(path), path, WeightsError)
    return found


def _safetensors(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    with path.open("rb") as file:
        WEIGHTS_HEADER.check(int.from_bytes(file.read(8), "little"), path, WeightsError)
    try:
        return load_file(path)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WeightsError(
            f"{path} is not a readable safetensors file: {error}; it is damaged or cut off, so fetch it again."
        ) from error


def _archive(path: Path) -> Any:
    """What a zip archive holds, if torch.save wrote it."""
    with _refusing_code(path), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
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
        check_growth(sum(member.file_size for member in archive.infolist()), bytes_on_disk(path), path, WeightsError)
        return read_archive(archive, path)


@contextmanager
def _refusing_code(path: Path) -> Iterator[None]:
    """A file of PyTorch is read in the block; raises `WeightsError` for code in it, and for damage."""
    try:
        yield
    except WeightsError:
        raise
    except CodeInPickle as refused:
        alone = "its state dict alone"
        if str(refused).endswith(_NUMPY_ARRAY):
            alone = "tensors in place of its NumPy arrays (torch.from_numpy)"
        raise WeightsError(
            f"{path} was refused, because it holds more than tensors ({refused}) and reading it could run code; "
            f"ask its author for a .safetensors file, or save {alone} with torch.save."
        ) from refused
    except Exception as error:  # damaged bytes lead zipfile, Python and PyTorch to any
        raise WeightsError(
            f"{path} is not a readable PyTorch checkpoint: it is damaged, or no state dict saved by torch.save; "
            "fetch it again, or ask its author for a .safetensors file."
        ) from error
