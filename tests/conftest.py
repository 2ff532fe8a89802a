"""Bundles and programs that several tests read: each is made once for the whole run and must not be changed."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import exporter
from exporter import rollout
from exporter.backends import Lowered, LowerOptions, backend, coreml
from exporter.bundle import Bundle, read_vectors
from exporter.graphs.capture import Graph
from exporter.graphs.classifier import classifier_graphs
from exporter.graphs.tracker import tracker_graphs
from exporter.images import to_input, verification_images
from exporter.manifest import Precision, Sequence
from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD
from exporter.verify import Arrays
from tests.models import SMALLEST, reduced, reduced_tracker


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


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> "Packages":
    return Packages(tmp_path_factory.mktemp("packages"))


@dataclass(frozen=True)
class Packaged:
    """A graph of a reduced classifier as a Core ML package."""

    graph: Graph
    path: Path
    given: Arrays
    """A picture"""
    expected: Arrays
    """What PyTorch makes of it"""


class Packages:
    """Reduced classifiers as Core ML packages, by family, precision and iOS."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._made = folder, dict[tuple[str, Precision, int], Packaged]()

    def __call__(self, family: str, precision: Precision = "fp32", min_ios: int = 17) -> Packaged:
        key = family, precision, min_ios
        if key not in self._made:
            (graph,) = classifier_graphs(*reduced(family))
            path = self._folder / f"{family}-{precision}-{min_ios}.mlpackage"
            coreml.lower(graph, path, LowerOptions(precision, min_ios))
            picture = to_input(verification_images(graph.inputs[0].shape[-1])[-1])
            with torch.inference_mode():
                results = graph.module(torch.from_numpy(picture))
            expected = {name: value.numpy() for name, value in results.items()}
            self._made[key] = Packaged(graph, path, {"image": picture}, expected)
        return self._made[key]


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


@dataclass(frozen=True)
class LoweredGraph:
    path: Path
    lowered: Lowered


class LoweredTracker:
    """Graphs of the reduced tracker as artefacts, by format and graph; a large one takes half a minute."""

    def __init__(self, tracker: FollowedTracker, folder: Path) -> None:
        self._tracker, self._folder, self._made = tracker, folder, dict[tuple[str, str], LoweredGraph]()

    def __call__(self, format: str, graph: str) -> LoweredGraph:
        if (format, graph) not in self._made:
            module = backend(format)
            path = self._folder / f"{graph}.{module.EXTENSION}"
            lowered = module.lower(self._tracker.graphs[graph], path, LowerOptions("fp32"))
            self._made[format, graph] = LoweredGraph(path, lowered)
        return self._made[format, graph]


@pytest.fixture(scope="session")
def lowered_tracker(followed_tracker: FollowedTracker, tmp_path_factory: pytest.TempPathFactory) -> LoweredTracker:
    return LoweredTracker(followed_tracker, tmp_path_factory.mktemp("lowered"))


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small models gain nothing from threads, and lose on a busy machine."""
    torch.set_num_threads(1)
