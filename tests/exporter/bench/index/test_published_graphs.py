"""Graphs of published models: built without weights, cut as each runtime runs them."""

import csv

import pytest
from torch import nn

from exporter.bench.index.published_graphs import CUTS, program_of, rows_of, write
from exporter.bench.index.published_models import PUBLISHED, PublishedModel


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.again = nn.Conv2d(8, 8, 1)

    def forward(self, image):
        return self.again(self.again(self.norm(self.conv(image)).relu()))


@pytest.fixture(scope="module")
def rows():
    model = PublishedModel("tiny", lambda name: Tiny(), size=16)
    return rows_of("tiny", model, program_of("tiny", model))


def test_a_model_is_cut_for_every_runtime_and_unit(rows):
    assert {(runtime, unit) for _, _, _, runtime, unit, _, _ in rows} == set(CUTS)


def test_kernels_that_are_alike_are_counted(rows):
    assert [(count, key) for *_, runtime, unit, count, key in rows if (runtime, unit) == ("tflite", "cpu")] == [
        (1, "conv 1x3x16x16>1x8x16x16 k3x3 s1x1 conv2d+batch_norm+relu float32"),
        (2, "conv 1x8x16x16>1x8x16x16 k1x1 s1x1 conv2d float32"),
    ]


def test_a_file_has_the_rows(rows, tmp_path):
    write(tmp_path / "tiny.csv", rows)
    with (tmp_path / "tiny.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["kernel"] for row in found] == [row[-1] for row in rows]
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.csv"]


def test_siblings_are_of_one_family():
    families = {name: model.family for name, model in PUBLISHED.items()}
    for siblings in (("resnet10", "preresnetbc14b", "seresnet18"), ("vit-base-patch16-384", "beit-base-patch16-384")):
        assert len({families[name] for name in siblings}) == 1
