"""The two kinds of file that `torch.save` has written: archives, and before PyTorch 1.6 pickles in a row.

PyTorch's own reader believes what a file says of itself; see `pickled`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from exporter.models.weights.pickled import DamagedPickle, Made, Unpickler, is_key

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
"""With which a file begins that is no archive"""

_MOST_DIMENSIONS = 8
"""Of a tensor; weights have four"""


_MOST_PARTS = 6
"""Of a persistent id, which is taken apart as often as it is named"""


@dataclass(frozen=True)
class _Storage:
    """Values of one or more tensors; no tuple, in which a checkpoint's tensors would be looked for."""

    values: Tensor
    """Its bytes"""
    dtype: torch.dtype


class _Storages:
    """Those of a file, each made once, by PyTorch's persistent ids."""

    def __init__(self, made: Callable[[str, int, torch.dtype], Tensor]) -> None:
        """`made` gives the bytes of a key, as many as are asked for."""
        self._made = made
        self.values: dict[str, Tensor] = {}

    def __call__(self, persistent_id: tuple[Any, ...]) -> _Storage:
        if len(persistent_id) > _MOST_PARTS:
            raise DamagedPickle("a storage with a long name")
        kind, dtype, key, _, count, *view = persistent_id
        if kind != "storage" or not isinstance(dtype, torch.dtype) or not isinstance(key, str):
            raise DamagedPickle("a storage of no kind")
        size = count * dtype.itemsize
        if key not in self.values:
            self.values[key] = self._made(key, size, dtype)
        values = self.values[key]
        if len(values) != size:
            raise DamagedPickle("a storage of another size")
        if view and view[0] is not None:
            _, begin, count = view[0]
            values = values[begin * dtype.itemsize :][: count * dtype.itemsize]
        return _Storage(values, dtype)


def read_archive(archive: zipfile.ZipFile, path: Path) -> Any:
    """What an archive holds; raises what `Unpickler.load` does, and whatever `zipfile` does where it is damaged."""
    if not any(member.CRC for member in archive.infolist()):
        for member in archive.infolist():  # torch.save was told to write no checksums
            member.CRC = None  # type: ignore[assignment]  # by which zipfile leaves them alone
    names = archive.namelist()
    (root,) = (name.removesuffix("data.pkl") for name in names if name.endswith("data.pkl"))
    if len(set(names)) < len(names):
        raise DamagedPickle("two files of one name")
    swapped = f"{root}byteorder" in names and _entry(archive, f"{root}byteorder") == b"big"

    def stored(key: str, size: int, dtype: torch.dtype) -> Tensor:
        values = _as_tensor(_entry(archive, f"{root}data/{key}"))
        if swapped:
            values.untyped_storage().byteswap(dtype)  # type: ignore[no-untyped-call]
        return values

    return Unpickler(BytesIO(_entry(archive, f"{root}data.pkl")), path, _NAMES, _Storages(stored)).load()


def read_in_a_row(file: BufferedReader, path: Path) -> Any:
    """What a file holds that is no archive; raises what `Unpickler.load` does."""
    size = path.stat().st_size

    def promised(key: str, count: int, dtype: torch.dtype) -> Tensor:
        if not 0 <= count <= size:
            raise DamagedPickle("a storage that is larger than the file")
        return torch.empty(count, dtype=torch.uint8)

    storages = _Storages(promised)
    pickles = Unpickler(file, path, _NAMES, storages)
    if pickles.load() != _MAGIC or pickles.load() != _PROTOCOL:
        raise DamagedPickle("another beginning")
    pickles.load()  # the machine that it was written on
    content, keys = pickles.load(), pickles.load()
    if sum(map(len, storages.values.values())) > size or sorted(keys) != sorted(storages.values):
        raise DamagedPickle("storages that are not there")
    for key in keys:
        file.read(8)  # how many values it has, as its id has said
        values = storages.values[key]
        if file.readinto(values.numpy().data) != len(values):
            raise DamagedPickle("a storage that is cut off")
    return content


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """Of as many bytes as its directory says: `ZipFile.read` would unpack whatever there is."""
    with archive.open(name) as entry:
        return entry.read(archive.getinfo(name).file_size)


def _as_tensor(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)


# What a pickle calls, by PyTorch's names. Whatever is wrong with the arguments, some exception says so.


def _rebuild_tensor(storage: _Storage, offset: int, size: Sequence[int], stride: Sequence[int], *_: Any) -> Tensor:
    return storage.values.view(storage.dtype).as_strided(_checked(size), stride, offset)


def _rebuild_tensor_v3(
    storage: _Storage, offset: int, size: Sequence[int], stride: Sequence[int], grad: bool, hooks: Any,
    dtype: torch.dtype, *_: Any,
) -> Tensor:  # fmt: skip
    return _rebuild_tensor(_Storage(storage.values, dtype), offset, size, stride)


def _rebuild_from_type_v2(made: Made, kind: Any, arguments: tuple[Any, ...], *_: Any) -> Tensor:
    if made.by not in (_rebuild_tensor, _rebuild_tensor_v3):
        raise DamagedPickle("a tensor that is made of none")
    tensor: Tensor = made.call(arguments)
    return tensor


def _rebuild_qtensor(storage: _Storage, offset: int, size: Sequence[int], *_: Any) -> Tensor:
    return _without_values(size, storage.dtype)


def _rebuild_sparse_tensor(layout: torch.layout, parts: Sequence[Any]) -> Tensor:
    values, size = parts[1:3] if layout is torch.sparse_coo else parts[2:4]
    return _without_values(size, values.dtype, layout)


def _rebuild_meta_tensor_no_storage(dtype: torch.dtype, size: Sequence[int], *_: Any) -> Tensor:
    return _without_values(size, dtype)


def _without_values(size: Sequence[int], dtype: torch.dtype, layout: torch.layout = torch.strided) -> Tensor:
    """In place of a tensor that is no weight, of its kind, so that it can be refused by its name."""
    return torch.empty(_checked(size), dtype=dtype, layout=layout, device="meta")


def _checked(size: Sequence[int]) -> Sequence[int]:
    if len(size) > _MOST_DIMENSIONS:
        raise DamagedPickle("a tensor of many dimensions")
    return size


def _get_layout(name: str) -> torch.layout:
    return next(layout for layout in (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc) if str(layout) == name)


def _ordered_dict(pairs: list[Any] | tuple[()] = ()) -> dict[Any, Any]:
    """As Python 2 made one; the pairs are moved, so that however often they are named each takes memory once."""
    mapping = {key: value for key, value in pairs if is_key(key)}
    if pairs:
        pairs.clear()
    return mapping


_STORAGES = {
    "BFloat16": torch.bfloat16,
    "Bool": torch.bool,
    "Byte": torch.uint8,
    "Char": torch.int8,
    "ComplexDouble": torch.complex128,
    "ComplexFloat": torch.complex64,
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "Int": torch.int32,
    "Long": torch.int64,
    "QInt32": torch.qint32,
    "QInt8": torch.qint8,
    "QUInt8": torch.quint8,
    "Short": torch.int16,
    "Untyped": torch.uint8,
}
"""How PyTorch calls a storage -> of what it is"""

_LEFT_OUT = (
    "_codecs.encode",
    "argparse.Namespace",
    "builtins.bytearray",
    "builtins.complex",
    "builtins.set",
    "collections.Counter",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib._local.PosixPath",
    "torch.device",
    "torch.per_channel_affine",
    "torch.per_channel_affine_float_qparams",
    "torch.per_channel_symmetric",
    "torch.per_tensor_affine",
    "torch.per_tensor_symmetric",
)
"""What training scripts save beside the weights, and what is read without it"""

_NAMES: dict[str, Any] = {
    **{f"torch.{name}": dtype for name, dtype in vars(torch).items() if isinstance(dtype, torch.dtype)},
    **{
        f"torch{module}.{name}Storage": dtype
        for name, dtype in _STORAGES.items()
        for module in ("", ".cuda", ".storage")
    },
    "torch._utils._rebuild_tensor": Made(_rebuild_tensor),
    "torch._utils._rebuild_tensor_v2": Made(_rebuild_tensor),
    "torch._utils._rebuild_tensor_v3": Made(_rebuild_tensor_v3),
    "torch._utils._rebuild_parameter": Made(lambda tensor, *_: tensor),
    "torch._utils._rebuild_parameter_with_state": Made(lambda tensor, *_: tensor),
    "torch.nn.parameter.Parameter": Made(lambda tensor, *_: tensor),
    "torch._tensor._rebuild_from_type_v2": Made(_rebuild_from_type_v2),
    "torch.Tensor": None,
    "torch._utils._rebuild_qtensor": Made(_rebuild_qtensor),
    "torch._utils._rebuild_sparse_tensor": Made(_rebuild_sparse_tensor),
    "torch._utils._rebuild_meta_tensor_no_storage": Made(_rebuild_meta_tensor_no_storage),
    "torch.serialization._get_layout": Made(_get_layout),
    "torch.Size": Made(lambda size=(): size),
    "collections.OrderedDict": Made(_ordered_dict),
    **dict.fromkeys(_LEFT_OUT, Made(lambda *_: None)),
}
"""What a pickle of weights names -> what is made of it"""
