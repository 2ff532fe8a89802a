"""Conformance vectors on disk: stored as they are, and held against what a manifest says of them."""

import numpy as np
import pytest

from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.vectors import read_vectors, shapes_of, write_vectors

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 2, 2)
LOGITS = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 1, 3)
WANTED = shapes_of({"image": ("runs", 1, 3, 2, 2)}, {"logits": ("runs", 1, 3)})


def test_vectors_are_stored_as_they_are_and_read_as_single_precision(tmp_path):
    path = tmp_path / "vectors" / "classify.safetensors"
    write_vectors(path, {"image": PIXELS}, {"logits": LOGITS})
    given, expected = read_vectors(path)
    assert given["image"].dtype == np.float32
    assert np.array_equal(given["image"], PIXELS)
    assert np.array_equal(expected["logits"], LOGITS)


def test_damaged_vectors_are_reported(tmp_path):
    path = tmp_path / "classify.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match="conformance vectors"):
        read_vectors(path)


def test_vectors_that_are_as_wanted_are_read(tmp_path):
    write_vectors(tmp_path / "file", {"image": PIXELS}, {"logits": LOGITS})
    given, _ = read_vectors(tmp_path / "file", WANTED)
    assert np.array_equal(given["image"], PIXELS)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({}, {}),
        ({"image": PIXELS}, {}),
        ({"image": PIXELS, "more": PIXELS}, {"logits": LOGITS}),
        ({"picture": PIXELS}, {"logits": LOGITS}),
        ({"image": PIXELS[:1]}, {"logits": LOGITS}),
        ({"image": PIXELS[:0]}, {"logits": LOGITS[:0]}),
        ({"image": PIXELS[0]}, {"logits": LOGITS[0]}),
        ({"image": PIXELS}, {"logits": LOGITS[..., :2]}),
        ({"image": PIXELS}, {"logits": LOGITS[0, 0, 0]}),
    ],
    ids=[
        "none",
        "no outputs",
        "more",
        "another name",
        "another count",
        "no runs",
        "no stack",
        "another shape",
        "a number",
    ],
)
def test_other_vectors_than_those_of_the_manifest_are_refused(tmp_path, inputs, outputs):
    write_vectors(tmp_path / "file", inputs, outputs)
    with pytest.raises(BundleError, match="are not those of the manifest"):
        read_vectors(tmp_path / "file", WANTED)


def test_vectors_that_are_not_finite_are_refused(tmp_path):
    write_vectors(tmp_path / "file", {"image": PIXELS}, {"logits": LOGITS * np.inf})
    with pytest.raises(BundleError, match="are not finite"):
        read_vectors(tmp_path / "file", WANTED)


def test_a_bundle_has_vectors_of_its_graphs(bundles: dict[str, Bundle]):
    given, expected = bundles["mobilevit"].vectors("classify")
    assert (given["image"].shape, expected["logits"].shape) == ((16, 1, 3, 64, 64), (16, 1, 1000))
