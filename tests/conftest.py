"""Bundles that several tests read: each is exported once for the whole run and must not be changed."""

import pytest
import torch

import exporter
from exporter.bundle import Bundle
from tests.models import SMALLEST


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> "Bundles":
    return Bundles(tmp_path_factory)


class Bundles:
    """The smallest model of a family in every format, by family name; small pictures keep it quick."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders, self._made = folders, dict[str, Bundle]()

    def __getitem__(self, family: str) -> Bundle:
        if family not in self._made:
            self._made[family] = exporter.export(
                SMALLEST[family],
                formats=["all"],
                weights="random",
                image_size=64,
                out=self._folders.mktemp(family),
            )
        return self._made[family]


@pytest.fixture(scope="session")
def tracker_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A pooled tracker in ONNX, the format that is quickest to make, at 64 pixels."""
    return exporter.export(
        "efficienttam_ti_2_512x512",
        formats=["onnx"],
        weights="random",
        image_size=64,
        out=tmp_path_factory.mktemp("tam"),
    )


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small models gain nothing from threads, and lose on a busy machine."""
    torch.set_num_threads(1)
