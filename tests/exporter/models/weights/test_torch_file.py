"""What torch.save has written is read as it was, whatever it is made of, and nothing else that a pickle asks for is
done."""

import struct
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from exporter.errors import WeightsError
from exporter.models.weights.checkpoint_file import read_checkpoint
from tests.exporter.models.weights.hostile_checkpoints import (
    Good,
    called,
    mapping,
    number,
    numbers,
    stored,
    tensor,
    text,
)

VALUES = torch.arange(24.0)

CONTENT = {
    "plain": VALUES.reshape(2, 3, 4),
    "view": VALUES[3:9],
    "transposed": VALUES.reshape(4, 6).T,
    "every other": VALUES[::2],
    "repeated": torch.ones(1).expand(5),
    "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(7.0),
    "parameter": torch.nn.Parameter(VALUES),
    "strided parameter": torch.nn.Parameter(VALUES.reshape(4, 6).T),
    **{str(kind): VALUES.to(kind) for kind in (
        torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64,
        torch.bool, torch.complex64, torch.uint16, torch.float8_e4m3fn,
    )},
}  # fmt: skip
BESIDE = {
    "numbers": [1, -1, 2**40, 0.5, None, True, "text", b"bytes"],
    "sets": {1, 2},
    "counts": Counter("aab"),
    "scores": np.float64(0.5),
    "path": Path("a/b"),
    "size": torch.Size([1, 2]),
    "of kinds": [torch.float32, torch.device("cuda:0")],
    (1, 2): "a key that is no text",
    3: "one that is a number",
}


@pytest.mark.parametrize("form", [{}, {"_use_new_zipfile_serialization": False}], ids=["archive", "in a row"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_tensor_is_read_as_it_was_saved(tmp_path, form, protocol):
    content = {"epoch": 3, "beside": BESIDE, "model": OrderedDict(CONTENT), "list": [VALUES]}
    torch.save(content, tmp_path / "a.pt", pickle_protocol=protocol, **form)
    read = read_checkpoint(tmp_path / "a.pt")
    assert read.keys() == {"model", "list"}  # what has no tensors is left out
    assert read["list"]["0"].equal(VALUES)
    assert read["model"].keys() == CONTENT.keys()
    for name, value in CONTENT.items():
        found = read["model"][name]
        assert (found.dtype, found.shape) == (value.dtype, value.shape), name
        assert as_bytes(found).equal(as_bytes(value.detach())), name


def as_bytes(value: Tensor) -> Tensor:
    return value.reshape(-1).contiguous().view(torch.uint8)


@pytest.mark.parametrize("form", [{}, {"_use_new_zipfile_serialization": False}], ids=["archive", "in a row"])
def test_a_storage_by_itself_is_no_tensor(tmp_path, form):
    torch.save({"storage": VALUES.clone().untyped_storage(), "model": {"a": VALUES}}, tmp_path / "a.pt", **form)
    read = read_checkpoint(tmp_path / "a.pt")
    assert read.keys() == {"model"}
    assert read["model"]["a"].equal(VALUES)


def test_tensors_that_share_values_share_memory(tmp_path):
    torch.save({"a": VALUES, "b": VALUES[2:]}, tmp_path / "a.pt")
    read = read_checkpoint(tmp_path / "a.pt")
    assert read["b"].data_ptr() == read["a"].data_ptr() + 8


@pytest.mark.filterwarnings("ignore")
def test_what_is_no_weight_keeps_its_kind_and_shape_and_takes_no_memory(tmp_path):
    matrix = torch.eye(3)
    kinds = {
        "sparse": matrix.to_sparse(),
        "rows": matrix.to_sparse_csr(),
        "quantised": torch.quantize_per_tensor(matrix, 0.1, 0, torch.qint8),
        "meta": matrix.to("meta"),
    }
    torch.save(kinds, tmp_path / "a.pt")
    for name, value in read_checkpoint(tmp_path / "a.pt").items():
        assert value.shape == (3, 3)
        assert (value.layout, value.is_quantized) == (kinds[name].layout, kinds[name].is_quantized)
        assert value.is_meta


def test_numbers_in_the_other_order_of_bytes_are_turned(tmp_path):
    good = Good({"a": VALUES})
    swapped = struct.pack(">24f", *range(24))
    (tmp_path / "a.pt").write_bytes(good.with_entries({"archive/byteorder": b"big", "archive/data/0": swapped}))
    assert read_checkpoint(tmp_path / "a.pt")["a"].equal(VALUES)


def test_pairs_as_python_2_wrote_them_make_a_mapping(tmp_path):
    good = Good({"a": VALUES})
    pairs = b"](](" + b"U\1a" + tensor(24, (24,), (1,)) + b"ee"
    good_pickle = b"\x80\x02" + called("collections.OrderedDict", pairs) + b"."
    (tmp_path / "a.pt").write_bytes(good.with_pickle(good_pickle))
    assert read_checkpoint(tmp_path / "a.pt")["a"].equal(VALUES)


@pytest.mark.parametrize(
    "value",
    [
        tensor(24, (25,), (1,)),
        tensor(24, (24,), (1,), offset=1),
        tensor(24, (-1,), (1,)),
        tensor(2**40, (1,), (1,)),
        tensor(23, (1,), (1,)),
        tensor(24, (1,), (1,), key="1"),
        tensor(24, (1,) * 9, (1,) * 9),
        stored(text("0"), number(24) + b"NN"),
        called("torch.Size", *[number(1)] * 17),
        numbers((1,)) + b"R",
    ],
)
def test_tensors_that_are_more_than_their_storage_are_damage(tmp_path, value):
    (tmp_path / "a.pt").write_bytes(Good({"a": VALUES}).with_pickle(mapping({"a": value})))
    with pytest.raises(WeightsError, match="is not a readable PyTorch checkpoint: it is damaged"):
        read_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["builtins.eval", "torch.load", "torch.FloatTensor", "numpy.load", "a.b.c"])
def test_a_name_that_weights_do_not_need_is_refused_whatever_it_is(tmp_path, name):
    value = called(name, text("1"))
    (tmp_path / "a.pt").write_bytes(Good({"a": VALUES}).with_pickle(mapping({"a": value})))
    with pytest.raises(WeightsError, match=rf"was refused, because it holds more than tensors \({name}\)"):
        read_checkpoint(tmp_path / "a.pt")
