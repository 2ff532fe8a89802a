"""Bundles and programs that several tests read: each is made once for the whole run and must not be changed."""

from dataclasses import dataclass

import pytest
import torch

import exporter
from exporter import rollout
from exporter.bundle import Bundle, read_vectors
from exporter.graphs.capture import Graph
from exporter.graphs.tracker import tracker_graphs
from exporter.manifest import Sequence
from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD
from exporter.verify import Arrays
from tests.models import SMALLEST, reduced_tracker


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


@dataclass(frozen=True)
class FollowedTracker:
    """The graphs of a reduced tracker, and what PyTorch sees in a sequence of frames."""

    image_size: int
    graphs: dict[str, Graph]
    recorded: dict[str, tuple[Arrays, Arrays]]
    """Graph -> inputs and outputs of its conformance runs, in which the memory is partly filled and full"""
    sequence: Sequence
    vectors: tuple[Arrays, Arrays]
    """The frames with their prompt, and what the official algorithm makes of them"""


@pytest.fixture(scope="session")
def followed_tracker(tmp_path_factory: pytest.TempPathFactory) -> FollowedTracker:
    model, folder = reduced_tracker(), tmp_path_factory.mktemp("followed")
    graphs = tracker_graphs(model, IMAGENET_MEAN, IMAGENET_STD)
    recorded, sequence = rollout.record(graphs, model, folder)
    return FollowedTracker(
        model.image_size,
        {graph.name: graph for graph in graphs},
        recorded,
        sequence,
        read_vectors(folder / sequence.file),
    )


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small models gain nothing from threads, and lose on a busy machine."""
    torch.set_num_threads(1)
