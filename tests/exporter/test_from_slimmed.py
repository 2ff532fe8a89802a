"""A slimmed model is exported by the path of its weights, as one of the registry is by its name."""

import json
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from exporter import pipeline
from exporter.bundle import Bundle
from exporter.errors import UnknownModelError
from exporter.inference.classify import classify_photo
from exporter.lint.model_or_bundle import lint_bundle, lint_model
from exporter.models.registry import create_model, model_info
from exporter.models.weights.loading import load_weights, seed_weights
from exporter.slim.checkpoint import Origin, save
from exporter.verify.artifact import verify_bundle
from exporter.verify.explain import reference
from tests.exporter.slim.small import CLASSES, SIZE, V2, pictures

NAMES = tuple("abcde")


@pytest.fixture(scope="module")
def network():
    architecture = V2.drawn(Random(1))
    model = V2.build(architecture).eval()
    seed_weights(model)
    return model, architecture


@pytest.fixture(scope="module")
def checkpoint(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("slimmed") / "efficientformerv2_s0-iphone12-0.6x"
    return save(path, *network, Origin("efficientformerv2_s0", "toys", 0.9, 0.95, NAMES))


@pytest.fixture(scope="module")
def bundle(checkpoint, tmp_path_factory):
    return pipeline.export(str(checkpoint), formats=["onnx"], out=tmp_path_factory.mktemp("out"), workers=1)


def test_it_has_a_row_like_those_of_the_registry(checkpoint, network):
    info = model_info(str(checkpoint))
    assert info.name == "efficientformerv2_s0-iphone12-0.6x"
    assert info.family.name == "efficientformerv2"
    assert info.image_size == SIZE
    assert info.parameters == sum(value.numel() for value in network[0].parameters())
    assert 0 < info.gmacs < 1


@torch.no_grad()
def test_what_is_built_of_it_is_the_network(checkpoint, network):
    model = create_model(str(checkpoint), num_classes=CLASSES)
    load_weights(model, checkpoint)
    assert torch.equal(model(pictures()), network[0](pictures()))


def test_its_bundle_is_named_after_it_and_says_what_it_is(bundle, checkpoint):
    assert bundle.path.name == "efficientformerv2_s0-iphone12-0.6x-host"
    model, weights = bundle.manifest.model, bundle.manifest.weights
    assert model.typed_name == checkpoint.name
    assert model.num_classes == CLASSES
    assert (weights.kind, weights.source, weights.trained_at) == ("file", checkpoint.name, SIZE)
    assert bundle.manifest.failures == []


def test_its_classes_have_their_names(bundle, tmp_path):
    assert bundle.manifest.model.classes == NAMES
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "a.png")
    [found] = classify_photo(bundle, tmp_path / "a.png").values()
    assert [one.label for one in found] == [NAMES[one.index] for one in found]
    assert any(f"<p>{name} <small>" in (bundle.path / "report.html").read_text() for name in NAMES)


def test_with_other_classes_it_has_no_names_for_them(checkpoint, tmp_path):
    other = pipeline.export(str(checkpoint), formats=["onnx"], num_classes=3, weights="random", out=tmp_path, workers=1)
    assert other.manifest.model.classes == ()


def test_its_bundle_is_verified_and_linted_without_the_checkpoint(bundle):
    opened = Bundle.open(bundle.path)
    assert all(found.status == "passed" for _, found in verify_bundle(opened))
    lint_bundle(opened)


@torch.no_grad()
def test_its_bundle_is_explained_with_the_checkpoint(bundle, checkpoint, network):
    known = reference(bundle, str(checkpoint))
    assert torch.equal(known.network(pictures()), network[0](pictures()))


def test_it_is_linted_by_its_path(checkpoint):
    lint_model(str(checkpoint), formats=["onnx"])


def test_a_file_that_is_not_there_is_no_model(tmp_path):
    with pytest.raises(UnknownModelError, match="is not there: name a model of `vitexport models`"):
        model_info(str(tmp_path / "none.safetensors"))


def altered(checkpoint, folder, **fields):
    card = json.loads(checkpoint.with_suffix(".json").read_text()) | fields
    (folder / "x.json").write_text(json.dumps(card))
    (folder / "x.safetensors").write_bytes(checkpoint.read_bytes())
    return str(folder / "x.safetensors")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"parent": "mobilevit_s"}', "[" * 100_000])
def test_weights_without_a_card_are_no_model(content, checkpoint, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(checkpoint.read_bytes())
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    with pytest.raises(
        UnknownModelError, match=r"has no card of a slimmed model beside it, x\.json: pass a model's name"
    ):
        model_info(str(tmp_path / "x.safetensors"))


@pytest.mark.parametrize(
    "changed",
    [
        {"widths": "wide"},
        {"widths": [10**9, 10**9, 10**9, 10**9]},
        {"widths": [60000, 60000, 60000, 60000]},
        {"attention_blocks": []},
        {"expansions": [[4] * 5000] * 4},
        {"num_heads": 0},
        {"depth": 3},
    ],
)
def test_an_architecture_that_is_none_is_refused_in_a_sentence(changed, checkpoint, tmp_path):
    described = json.loads(checkpoint.with_suffix(".json").read_text())["architecture"]
    path = altered(checkpoint, tmp_path, architecture=described | changed)
    with pytest.raises(UnknownModelError, match=r"architecture|bytes of weights"):
        create_model(path)
