"""Loading checkpoints: of every kind of file, at every image size, into a model that else stays as it was."""

import pytest
import torch
from torch import Tensor

from exporter.errors import WeightsError
from exporter.models.layers import offset_indices
from exporter.models.registry import create_model
from exporter.models.weights.loading import Fitted, load_weights
from tests.exporter.models.weights.states import holds, kept, logits, save
from tests.models import SMALLEST, reduced

# Files


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


@pytest.mark.parametrize("family", SMALLEST)
def test_a_state_dict_is_loaded_directly(family):
    model = reduced(family)
    state = {key: value if key.endswith("idxs") else value + 1 for key, value in model.state_dict().items()}
    assert load_weights(model, state) == Fitted()
    assert holds(model, state)


def test_half_precision_weights_become_single_precision(model, trained, tmp_path):
    half = {key: value.half() if value.is_floating_point() else value for key, value in trained.items()}
    load_weights(model, save(half, tmp_path / "half.safetensors"))
    assert holds(model, {key: value.to(trained[key].dtype) for key, value in half.items()})


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


# Checkpoints for another image size

TABLE = "stages.3.blocks.2.token_mixer.attention_biases"


def with_table(table: Tensor) -> tuple[Tensor, tuple[str, ...]]:
    """The 3x3 table [heads, 3, 3] that a model of 96 pixels makes of `table` [heads, side, side]."""
    model = reduced("efficientformer")
    fitted = load_weights(model, {**model.state_dict(), TABLE: table.flatten(1)})
    return model.state_dict()[TABLE].reshape(-1, 3, 3), fitted.resized


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
    fitted = load_weights(at_160, at_224.state_dict())
    assert fitted.resized == tuple(key for key in at_224.state_dict() if key.endswith("attention_biases"))
    assert logits(at_160).isfinite().all()


# Failures


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
