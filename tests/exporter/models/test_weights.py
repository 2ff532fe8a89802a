"""Loading checkpoints: every usual file and naming, every mismatch by name, and never a line of foreign code run."""

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from exporter.errors import WeightsError
from exporter.models.classifier import Classifier
from exporter.models.layers import offset_indices
from exporter.models.registry import create_model
from exporter.models.weights import load_weights, seed_weights
from tests.exporter.models.timm_reference import reference_models
from tests.models import SMALLEST, reduced

State = dict[str, Tensor]


@pytest.fixture
def model() -> Classifier:
    return reduced("mobilevit")


@pytest.fixture
def trained(model) -> State:
    """A checkpoint of `model` that differs from what the model holds in every entry."""
    return {key: value + 1 for key, value in model.state_dict().items()}


def save(content, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    return path


def holds(model: Classifier, state: State) -> bool:
    own = model.state_dict()
    return own.keys() == state.keys() and all(torch.equal(own[key], state[key]) for key in own)


def kept(model: Classifier) -> State:
    return {key: value.clone() for key, value in model.state_dict().items()}


def logits(model: Classifier) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, model.in_channels, model.image_size, model.image_size, generator=generator)
    with torch.inference_mode():
        return model(image)


# Files and wrappings


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth", ".bin"])
def test_a_checkpoint_file_is_loaded(model, trained, tmp_path, suffix):
    load_weights(model, save(trained, tmp_path / f"weights{suffix}"))
    assert holds(model, trained)


def test_a_file_may_be_named_by_a_string(model, trained, tmp_path):
    load_weights(model, str(save(trained, tmp_path / "weights.pt")))
    assert holds(model, trained)


def test_a_file_of_old_pytorch_is_loaded(model, trained, tmp_path):
    torch.save(trained, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    load_weights(model, tmp_path / "old.pth")
    assert holds(model, trained)


@pytest.mark.parametrize("wrapper", ["model", "state_dict"])
def test_a_state_dict_is_found_inside_what_a_training_script_saved(model, trained, tmp_path, wrapper):
    content = {wrapper: trained, "epoch": 299, "optimizer": {"lr": 1e-3}}
    load_weights(model, save(content, tmp_path / "checkpoint.pth"))
    assert holds(model, trained)


def test_the_prefix_of_data_parallel_training_is_removed(model, trained, tmp_path):
    parallel = {f"module.{key}": value for key, value in trained.items()}
    load_weights(model, save({"model": parallel}, tmp_path / "checkpoint.pth"))
    assert holds(model, trained)


@pytest.mark.parametrize("family", SMALLEST)
def test_a_state_dict_is_loaded_directly(family):
    model = reduced(family)
    state = {key: value if key.endswith("idxs") else value + 1 for key, value in model.state_dict().items()}
    assert load_weights(model, state) == ()
    assert holds(model, state)


def test_half_precision_weights_become_single_precision(model, trained, tmp_path):
    half = {key: value.half() if value.is_floating_point() else value for key, value in trained.items()}
    load_weights(model, save(half, tmp_path / "half.safetensors"))
    assert holds(model, {key: value.to(trained[key].dtype) for key, value in half.items()})


# Key names


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s0"])
def test_weights_under_the_authors_keys_give_the_same_logits(name):
    under_timms_keys, under_the_authors = create_model(name), create_model(name)
    seed_weights(under_timms_keys)
    own, official = under_timms_keys.state_dict(), reference_models()[name]["official"]
    state = {
        key: own[official["to_timm"][key]].reshape(shape) if key in official["to_timm"] else torch.zeros(shape).long()
        for key, shape in official["state_dict"].items()
    }
    load_weights(under_the_authors, state)
    assert torch.equal(logits(under_the_authors), logits(under_timms_keys))


def test_index_buffers_may_be_missing():
    model = reduced("efficientformer")
    state = {key: value for key, value in model.state_dict().items() if not key.endswith("attention_bias_idxs")}
    assert len(state) < len(model.state_dict())
    load_weights(model, state)
    indices = {key: value for key, value in model.state_dict().items() if key.endswith("attention_bias_idxs")}
    side = model.image_size // 32
    assert [value.tolist() for value in indices.values()] == [offset_indices(side, side).tolist()]


def test_index_buffers_of_the_checkpoint_are_ignored():
    model = reduced("efficientformer")
    before = kept(model)
    state = {key: torch.zeros(4, 4).long() if key.endswith("idxs") else value for key, value in before.items()}
    load_weights(model, state)
    assert holds(model, before)


# Mismatches


def test_every_mismatch_is_named_in_one_error(model, trained):
    del trained["stem.conv.weight"], trained["head.fc.bias"]
    trained["neck.weight"] = torch.zeros(1)
    trained["head.fc.weight"] = torch.zeros(5, 7)
    with pytest.raises(WeightsError) as caught:
        load_weights(model, trained)
    message = str(caught.value)
    assert "missing stem.conv.weight, head.fc.bias" in message
    assert "unexpected neck.weight" in message
    assert "mis-shaped head.fc.weight [5, 7] instead of [16, 64]" in message


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("stem.conv.weight"),
        lambda state: state.update(surplus=torch.zeros(1)),
        lambda state: state.update({"head.fc.weight": torch.zeros(5, 7)}),
    ],
    ids=["missing", "unexpected", "mis-shaped"],
)
def test_a_model_is_as_it_was_after_an_error(model, trained, spoil):
    before = kept(model)
    spoil(trained)
    with pytest.raises(WeightsError):
        load_weights(model, trained)
    assert holds(model, before)


def test_a_checkpoint_of_another_model_says_what_this_one_is(trained):
    other = reduced("mobilevitv2")
    with pytest.raises(
        WeightsError, match="does not fit MobileViTV2 with 16 classes and 3 input channels at 96 pixels"
    ):
        load_weights(other, trained)


# Checkpoints for another image size

TABLE = "stages.3.blocks.2.token_mixer.attention_biases"


def with_table(table: Tensor) -> tuple[Tensor, tuple[str, ...]]:
    """The 3x3 table [heads, 3, 3] that a model of 96 pixels makes of `table` [heads, side, side]."""
    model = reduced("efficientformer")
    resized = load_weights(model, {**model.state_dict(), TABLE: table.flatten(1)})
    return model.state_dict()[TABLE].reshape(-1, 3, 3), resized


def test_an_interpolated_bias_table_is_reported():
    _, resized = with_table(torch.rand(8, 7, 7))
    assert resized == (TABLE,)


def test_a_bias_table_that_fits_is_neither_changed_nor_reported():
    table = torch.rand(8, 3, 3)
    loaded, resized = with_table(table)
    assert torch.equal(loaded, table)
    assert resized == ()


@pytest.mark.parametrize("side", [1, 2, 7])
def test_a_constant_bias_table_stays_constant(side):
    loaded, _ = with_table(torch.full((8, side, side), 0.75))
    assert torch.equal(loaded, torch.full((8, 3, 3), 0.75))


@pytest.mark.parametrize("side", [2, 7])
def test_the_corners_of_a_bias_table_keep_their_values(side):
    table = torch.rand(8, side, side)
    loaded, _ = with_table(table)
    torch.testing.assert_close(loaded[:, ::2, ::2], table[:, :: side - 1, :: side - 1])


def test_a_bias_table_is_interpolated_along_both_axes():
    rows, columns = torch.meshgrid(torch.arange(7.0), torch.arange(7.0), indexing="ij")
    loaded, _ = with_table((10 * rows + columns).expand(8, 7, 7))
    # Offsets 0, 1, 2 of three stand where 0, 3, 6 of seven stood.
    assert loaded[0].tolist() == [[0, 3, 6], [30, 33, 36], [60, 63, 66]]


@pytest.mark.parametrize("shape", [(4, 49), (8, 50), (8, 7, 7)])
def test_a_table_that_is_not_square_or_has_other_heads_is_mis_shaped(shape):
    model = reduced("efficientformer")
    with pytest.raises(WeightsError, match=f"mis-shaped {TABLE}"):
        load_weights(model, {**model.state_dict(), TABLE: torch.zeros(shape)})


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s0"])
def test_a_checkpoint_at_224_pixels_loads_at_160(name):
    at_224, at_160 = create_model(name), create_model(name, 160)
    resized = load_weights(at_160, at_224.state_dict())
    assert resized == tuple(key for key in at_224.state_dict() if key.endswith("attention_biases"))
    assert logits(at_160).isfinite().all()


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


@pytest.mark.parametrize("content", [3, {}, [torch.zeros(2)], torch.zeros(2), {"epoch": 3}, {"model": {"epoch": 3}}])
def test_a_file_without_a_state_dict_says_what_was_expected(model, tmp_path, content):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="holds no state dict: expected names mapped to tensors"):
        load_weights(model, tmp_path / "other.pt")


@pytest.mark.parametrize("name", ["weights.onnx", "weights.h5", "weights"])
def test_an_unknown_suffix_names_the_known_ones(model, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(WeightsError, match=rf"{name} is none of \.safetensors, \.pt, \.pth or \.bin"):
        load_weights(model, tmp_path / name)


@pytest.mark.parametrize("name", ["absent.pt", "absent.safetensors", "."])
def test_a_path_that_is_no_file_is_named(model, tmp_path, name):
    with pytest.raises(WeightsError, match="There is no weights file") as caught:
        load_weights(model, tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
