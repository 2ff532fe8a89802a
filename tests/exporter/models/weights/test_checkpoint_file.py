"""Files of weights: judged by what is in them, refused with their cause, and never a line of foreign code run."""

import argparse
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from exporter.errors import WeightsError
from exporter.models.weights.loading import load_weights
from tests.exporter.models.weights.states import holds, kept, save
from tests.models import reduced

# Files that are not what they should be


class Malicious:
    """An object whose unpickling runs a command."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self):
        return os.system, (f"touch {self.touched}",)


@pytest.fixture
def touched(tmp_path) -> Path:
    return tmp_path / "touched"


def write_plain_pickle(content, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


def write_old_pytorch(content, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol 4:UserWarning")
@pytest.mark.parametrize("write", [write_plain_pickle, torch.save, write_old_pytorch])
@pytest.mark.parametrize("wrap", [lambda bad: bad, lambda bad: {"model": {"stem.conv.weight": bad}}], ids=["", "model"])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin"])
def test_a_malicious_pickle_is_refused_and_runs_nothing(model, tmp_path, touched, write, wrap, suffix):
    path = tmp_path / f"bad{suffix}"
    write(wrap(Malicious(touched)), path)
    with pytest.raises(WeightsError, match=r"ask its author for a \.safetensors file") as caught:
        load_weights(model, path)
    assert str(path) in str(caught.value)
    assert not touched.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol 4:UserWarning")
@pytest.mark.parametrize("write", [write_plain_pickle, torch.save, write_old_pytorch])
def test_the_refusal_says_that_code_could_run_and_which(model, tmp_path, touched, write):
    write(Malicious(touched), tmp_path / "bad.pt")
    with pytest.raises(WeightsError, match=r"was refused.*could run code") as caught:
        load_weights(model, tmp_path / "bad.pt")
    assert f"{os.system.__module__}.system" in str(caught.value)


def save_whole_module(path: Path) -> None:
    torch.save(reduced("mobilevit"), path)


def save_torchscript(path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), path)


@pytest.mark.filterwarnings("ignore:.*TorchScript:UserWarning", "ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("write", [save_whole_module, save_torchscript])
def test_a_refusal_does_not_advise_to_trust_the_file(model, tmp_path, write):
    write(tmp_path / "whole.pt")
    with pytest.raises(WeightsError) as caught:
        load_weights(model, tmp_path / "whole.pt")
    assert not any(advice in str(caught.value) for advice in ("weights_only", "safe_globals", "allowlist"))


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_not_readable(model, trained, tmp_path, suffix, share):
    path = save(trained, tmp_path / f"weights{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match=rf"weights{suffix} is not a readable"):
        load_weights(model, path)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.999])
def test_a_truncated_file_of_old_pytorch_is_a_weights_error(model, trained, tmp_path, share):
    path = tmp_path / "old.pt"
    write_old_pytorch(trained, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match=r"old\.pt"):
        load_weights(model, path)


NOT_CHECKPOINTS = {
    "text": b"hello world\n" * 50,
    "web page": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "git-lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "bytes": bytes(range(256)) * 8,
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("content", NOT_CHECKPOINTS.values(), ids=NOT_CHECKPOINTS)
def test_a_file_that_is_no_checkpoint_is_not_readable(model, tmp_path, content, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"weights{suffix} is not a readable"):
        load_weights(model, path)


@pytest.mark.parametrize("content", [3, {}, [3], torch.zeros(2), {"epoch": 3}, {"model": {"epoch": 3}}])
def test_a_file_without_a_state_dict_says_what_was_expected(model, tmp_path, content):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="holds no weights: expected names mapped to tensors"):
        load_weights(model, tmp_path / "other.pt")


CAUSES = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n": "it is a git-lfs pointer.*git lfs pull",
    b"<!DOCTYPE html><html><body>Not found</body></html>": "it is a web page",
    b"\n<HTML><head>": "it is a web page",
    b"": "it is an empty file",
    b"\x89HDF\r\n\x1a\n" + bytes(64): "it is an HDF5 file, as Keras writes",
    b"\x1c\x00\x00\x00TFL3" + bytes(64): "it is a TFLite model",
    b"\x08\x08\x12\x07pytorch\x1a\x062.13.0": "it is an ONNX model",
    b"GGUF\x03\x00\x00\x00": "it is a GGUF file",
    b"\x1f\x8b\x08\x00": "it is compressed; unpack it",
    b'{"metadata": {}, "weight_map": {}}': "it is a text of JSON",
    b'{"name":{"dtype": 1}}': "it is a text of JSON",  # with a brace where the header of safetensors has its own
}


@pytest.mark.parametrize(("content", "cause"), CAUSES.items(), ids=CAUSES.values())
@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors", "weights"])
def test_what_people_take_for_weights_is_called_what_it_is(model, tmp_path, content, cause, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{name} is not a readable checkpoint: {cause}"):
        load_weights(model, tmp_path / name)


def test_a_tar_archive_says_that_it_is_to_be_unpacked(model, trained, tmp_path):
    save(trained, tmp_path / "weights.pt")
    with tarfile.open(tmp_path / "weights.pth.tar", "w") as archive:
        archive.add(tmp_path / "weights.pt", "weights.pt")
    with pytest.raises(WeightsError, match="it is a tar archive; unpack it and pass the file inside"):
        load_weights(model, tmp_path / "weights.pth.tar")


def test_a_zip_of_other_files_names_them(model, tmp_path):
    np.savez(tmp_path / "weights.npz", stem=np.zeros(3))
    with pytest.raises(WeightsError, match=r"it is an archive of other files \(stem\.npy\)"):
        load_weights(model, tmp_path / "weights.npz")


def test_a_program_of_torch_export_is_called_one(model, tmp_path):
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(
        WeightsError, match=r"it is a program of torch\.export \(\.pt2\) and not weights; save the state"
    ):
        load_weights(model, tmp_path / "model.pt2")


def write_newest_pickle(content, path: Path) -> None:
    path.write_bytes(pickle.dumps(content, protocol=5))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
@pytest.mark.parametrize("write", [write_plain_pickle, write_newest_pickle, torch.save, write_old_pytorch])
def test_arrays_of_numpy_are_to_be_saved_as_tensors(model, trained, tmp_path, write):
    write({name: tensor.numpy() for name, tensor in trained.items()}, tmp_path / "arrays.pt")
    with pytest.raises(WeightsError, match=r"or save tensors in place of its NumPy arrays \(torch\.from_numpy\)"):
        load_weights(model, tmp_path / "arrays.pt")


# Judged by content


@pytest.mark.parametrize("name", ["best.pth.tar", "BEST.PTH", "last.ckpt", "weights", "model.safetensors", "m.onnx"])
def test_a_checkpoint_of_pytorch_may_have_any_name(model, trained, tmp_path, name):
    torch.save(trained, tmp_path / name)
    load_weights(model, tmp_path / name)
    assert holds(model, trained)


@pytest.mark.parametrize("name", ["model.pt", "MODEL.SAFETENSORS", "model"])
def test_safetensors_may_have_any_name(model, trained, tmp_path, name):
    save_file(trained, tmp_path / name)
    load_weights(model, tmp_path / name)
    assert holds(model, trained)


def test_a_folder_names_the_file_in_it(model, trained, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    save(trained, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match=r"it is a folder; pass a file in it, such as .*model\.safetensors"):
        load_weights(model, tmp_path)


def test_a_folder_of_parts_says_that_they_are_to_be_one_file(model, tmp_path):
    for number in (1, 2):
        (tmp_path / f"model-0000{number}-of-00002.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"a folder with weights in several files.*save them as one"):
        load_weights(model, tmp_path)


def test_what_training_scripts_save_beside_the_weights_is_no_hindrance(model, trained, tmp_path):
    beside = {
        "args": argparse.Namespace(lr=1e-3, output=Path("runs/1")),
        "best_acc": np.float64(0.7),
        "metric": np.float32(0.5),
        "epoch": 3,
        "classes": ["cat", "dog"],
        "seen": {1, 2},
    }
    load_weights(model, save({"state_dict": trained, **beside}, tmp_path / "checkpoint.pth.tar"))
    assert holds(model, trained)


# Damage


def test_a_flipped_bit_is_noticed_wherever_it_changes_a_weight(model, trained, tmp_path):
    path = save(trained, tmp_path / "weights.pt")
    content = path.read_bytes()
    before, refused = kept(model), 0
    random = np.random.default_rng(0)
    for position in random.integers(0, len(content), 60):
        damaged = bytearray(content)
        damaged[position] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        try:
            load_weights(model, path)
        except WeightsError:
            assert holds(model, before)
            refused += 1
        else:
            assert holds(model, trained)  # what was changed is padding, or says again what the index says
            model.load_state_dict(before)
    assert refused > 40


def test_a_file_that_was_written_without_checksums_is_loaded(model, trained, tmp_path):
    torch.serialization.set_crc32_options(False)
    try:
        save(trained, tmp_path / "weights.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    load_weights(model, tmp_path / "weights.pt")
    assert holds(model, trained)


@pytest.mark.parametrize("name", ["absent.pt", "absent.safetensors", "absent"])
def test_a_path_that_is_no_file_is_named(model, tmp_path, name):
    with pytest.raises(WeightsError, match="There is no weights file") as caught:
        load_weights(model, tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
