"""The weights that come with the package."""

import socket

import pytest
import torch

from exporter.models.registry import MODELS, create_model
from exporter.models.weights.loading import model_with_weights
from exporter.models.weights.shipped import shipped_file, weights_card

SHIPPED = [name for name, info in MODELS.items() if info.shipped]
MEGABYTE = 1_000_000


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("choice", ["auto", "required"])
def test_they_are_loaded_without_the_network(name, choice, monkeypatch):
    def refused(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    model, loaded = model_with_weights(MODELS[name], choice)
    assert (loaded.kind, loaded.trained, loaded.trained_at) == ("shipped", True, model.image_size)
    assert loaded.card == weights_card(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_they_are_small_and_their_card_says_what_they_are(name):
    assert shipped_file(name).stat().st_size <= 8 * MEGABYTE
    card = weights_card(name)
    assert card.license
    assert "procedural video" in card.trained_on
    assert {one.metric for one in card.quality} == {"J&F"}
    assert all(0 < one.value < 1 for one in card.quality)


@pytest.mark.parametrize("name", SHIPPED)
def test_other_weights_are_used_where_they_are_asked_for(name, tmp_path):
    model = create_model(name)
    torch.save(model.state_dict(), tmp_path / "own.pt")
    for choice, kind in (("random", "seeded"), (str(tmp_path / "own.pt"), "file")):
        _, loaded = model_with_weights(MODELS[name], choice)
        assert (loaded.kind, loaded.card) == (kind, None)
