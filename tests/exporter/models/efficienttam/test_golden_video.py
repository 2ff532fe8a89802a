"""The goldens' inputs: the pictures are the same to the byte, and the weights to rounding."""

import hashlib

import numpy as np

from tests.exporter.models.efficienttam.official import SIZE, goldens
from tests.golden_video import disc_centre, disc_masks, make_video


def test_the_video_is_that_of_the_goldens():
    assert hashlib.sha256(make_video(10, SIZE, SIZE).tobytes()).hexdigest() == str(goldens()["video_sha256"])


def test_the_disc_stands_where_the_goldens_click():
    assert disc_centre(0, 10, SIZE, SIZE) == tuple(goldens()["click_xy"])


def test_the_disc_fills_the_goldens_box():
    rows, columns = disc_masks(1, SIZE, SIZE)[0].nonzero()
    assert [columns.min(), rows.min(), columns.max(), rows.max()] == list(goldens()["box_xyxy"])


def test_seeded_weights_are_those_of_the_goldens(model):
    # The padding point's token is a weight as it stands; all others are seen through what they do.
    padding = model.sam_prompt_encoder.not_a_point_embed.weight[0]
    np.testing.assert_allclose(padding.numpy(), goldens()["point_sparse"][1], rtol=1e-6)
