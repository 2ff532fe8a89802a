"""Bundles and programs that several tests read: each is made once for the whole run and must not be changed.

Files are shared by all processes of a run; what cannot be read back from a file, such as a captured program, each
process makes for itself.
"""

import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import exporter
from device_profiles.vocabulary import Precision
from exporter.backends import backend
from exporter.backends.interface import Lowered, LowerOptions
from exporter.backends.runner import Arrays
from exporter.bundle import Bundle
from exporter.contents import MANIFEST
from exporter.graphs.capture import Graph
from exporter.graphs.cut import graphs_of
from exporter.manifest import SequenceEntry, Variant
from exporter.models.efficienttam import EfficientTAM
from exporter.models.registry import model_info
from exporter.models.weights.loading import model_with_weights, seed_weights
from exporter.vectors import read_vectors, vectors_file
from exporter.verify.case import Case
from exporter.verify.conformance import RecordedSequence, recorded_sequence
from exporter.verify.record import EagerRunner, record_sequence
from tests.exporter.cli.command_line import QUICK, run
from tests.models import (
    SMALLEST,
    classifier_graph,
    classifier_pictures,
    small_tracker,
)
from tests.shared import made_once, shared_root
from tests.web_app import built_app

FIRST = (
    "apps/test_cores.py",
    "slim/test_run.py",
    "apps/web/test_app.py",
    "slim/test_run_of_tracker.py",
    "cli/test_hostile_bundles.py",
    "backends/test_backends.py",
    "apps/web/test_webgpu.py",
    "cli/test_outside_world.py",
    "apps/web/test_packs.py",
    "cli/test_slim.py",
    "apps/web/test_conformance.py",
    "backends/test_tracker_formats.py",
    "apps/web/test_bad_bundles.py",
    "verify/test_explain.py",
    "verify/test_tracker_knockout.py",
    "graphs/test_tracker_graph.py",
    "backends/test_coreai.py",
)
"""The files of tests that take longest, or make what many others need, as they are begun.

Processes get whole files in turn, two at first. As measured with two processes, no two that wait for the same bundle
run beside each other, and what waits for another program, such as Chromium, runs beside what computes.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: none of the processes should be left with a long one at the end."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((place for place, name in enumerate(FIRST) if path.endswith(name)), len(FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def no_data_of_the_user(tmp_path_factory):
    """What was measured on this machine, and is kept in its user's folder, is nothing that tests depend on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small models gain nothing from threads, and lose on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run have in common."""
    return shared_root(tmp_path_factory)


@pytest.fixture(scope="session")
def app(shared: Path) -> Path:
    """The folder of the built web app."""
    return built_app(shared)


class Bundles:
    """The smallest model of a family in every format, by family name; small pictures keep it quick."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._opened = folder, dict[str, Bundle]()

    def __getitem__(self, family: str) -> Bundle:
        if family not in self._opened:
            self._opened[family] = _bundle(self._folder / family, SMALLEST[family], "all")
        return self._opened[family]


@pytest.fixture(scope="session")
def bundles(shared: Path) -> Bundles:
    return Bundles(shared / "bundles")


@pytest.fixture(scope="session")
def tracker_bundle(shared: Path) -> Bundle:
    """A pooled tracker in ONNX, the format that is quickest to make, at 64 pixels."""
    return _bundle(shared / "bundles" / "tracker", "efficienttam_ti_2_512x512", "onnx")


@pytest.fixture(scope="session")
def trained_bundle(shared: Path) -> Bundle:
    """The tracker that comes with trained weights, in every format that an app runs."""

    def export(out: Path) -> None:
        formats = ["onnx", "tflite", "executorch", "coreml"]
        exporter.export("efficienttam_nano", formats=formats, precision="fp32", weights="required", workers=1, out=out)

    (path,) = made_once(shared / "bundles" / "trained tracker", export).iterdir()
    return Bundle.open(path)


def _bundle(folder: Path, model: str, format: str) -> Bundle:
    def export(out: Path) -> None:
        exporter.export(model, formats=[format], weights="random", image_size=64, workers=1, out=out)

    (path,) = made_once(folder, export).iterdir()
    return Bundle.open(path)


@pytest.fixture(scope="session")
def two_precisions(shared: Path) -> Path:
    """A classifier's bundle with Core ML in both precisions, and ONNX in the only one that it has.

    Beside it, in `stdout` and `stderr`, is what `vitexport --verbose` said.
    """

    def export(out: Path) -> None:
        precisions = ["--precision", "fp16", "--precision", "fp32", "--precision", "fp16"]
        formats = ["--format", "coreml", "--format", "onnx"]
        done = run("mobilevit_xxs", *QUICK, *formats, *precisions, "--verbose", "--out", str(out))
        assert done.returncode == 0, done.stderr
        (out / "stdout").write_text(done.stdout)
        (out / "stderr").write_text(done.stderr)

    return made_once(shared / "bundles" / "two-precisions", export) / "mobilevit_xxs-host-64px-fp16-fp32-untrained"


@dataclass(frozen=True)
class OwnWeights:
    """A bundle that was made from a checkpoint, in the place of an earlier one."""

    checkpoint: Path
    bundle: Bundle
    steps: list[tuple[str, float]]
    """What its export was doing, and the share of it that was done"""
    earlier: str
    """When the earlier one was made"""
    replaced: str
    """The same, as the export says"""


@pytest.fixture(scope="session")
def own_weights(shared: Path) -> OwnWeights:
    """A classifier of three classes in ONNX, its weights for 96 pixels and the bundle for 64."""
    name, before = "efficientformer_l1", "2026-01-02T03:04:05+00:00"

    def export(folder: Path) -> None:
        model = exporter.create_model(name, 96, num_classes=3)
        seed_weights(model)
        torch.save(model.state_dict(), folder / "three.pt")
        earlier = folder / "out" / f"{name}-host-64px"
        earlier.mkdir(parents=True)
        (earlier / MANIFEST).write_text(json.dumps({"created": before}))
        steps: list[tuple[str, float]] = []
        bundle = exporter.export(
            name,
            formats=["onnx"],
            weights=folder / "three.pt",
            image_size=64,
            num_classes=3,
            out=folder / "out",
            workers=1,
            progress=lambda what, share: steps.append((what, share)),
        )
        (folder / "export.json").write_text(json.dumps({"steps": steps, "replaced": bundle.replaced}))

    folder = made_once(shared / "own weights", export)
    (path,) = (folder / "out").iterdir()
    kept = json.loads((folder / "export.json").read_text())
    return OwnWeights(folder / "three.pt", Bundle.open(path), kept["steps"], before, kept["replaced"])


@dataclass(frozen=True)
class LoweredGraph:
    """A graph as a file."""

    path: Path
    lowered: Lowered


def lowered_once(folder: Path, format: str, graph: Graph, options: LowerOptions) -> LoweredGraph:
    """A graph as the file in `folder`, with what the backend knew about it when it was written."""
    record = backend(format)
    file = f"{graph.name}.{record.extension}"

    def lower(to: Path) -> None:
        (to / "lowered.pickle").write_bytes(pickle.dumps(record.lower(graph, to / file, options)))

    made_once(folder, lower)
    return LoweredGraph(folder / file, pickle.loads((folder / "lowered.pickle").read_bytes()))


@dataclass(frozen=True)
class Packaged:
    """A graph of a reduced classifier as a file."""

    graph: Graph
    path: Path
    lowered: Lowered
    given: Arrays
    """A picture"""
    expected: Arrays
    """What PyTorch makes of it"""


class Packages:
    """Reduced classifiers as Core ML packages, or as files of another format, by family, precision and iOS."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, family: str, precision: Precision = "fp32", min_ios: int = 17, format: str = "coreml"
    ) -> Packaged:
        graph = classifier_graph(family)
        folder = self._folder / f"{family}-{format}-{precision}-{min_ios}"
        made = lowered_once(folder, format, graph, LowerOptions(precision, min_ios))
        given = {"image": classifier_pictures(family)["image"][-1]}
        return Packaged(graph, made.path, made.lowered, given, EagerRunner(graph)(given))


@pytest.fixture(scope="session")
def packages(shared: Path) -> Packages:
    return Packages(shared / "packages")


@dataclass(frozen=True)
class FollowedTracker:
    """The graphs of a reduced tracker, and what PyTorch sees in a sequence of frames."""

    graphs: dict[str, Graph]
    vectors: dict[str, tuple[Arrays, Arrays]]
    """Graph -> inputs and outputs of its conformance runs, in which the memory is partly filled and full"""
    recorded: RecordedSequence
    """The frames with their prompt, and what the official algorithm makes of them"""

    def case(self, variant: Variant, graph: str, path: Path, lowered: Lowered | None = None) -> Case:
        """An artefact of one of the graphs, to be verified on its conformance runs."""
        signature = (lowered or Lowered()).signature(self.graphs[graph])
        return Case(variant, graph, path, *signature, *self.vectors[graph])


@pytest.fixture(scope="session")
def followed_tracker(shared: Path) -> FollowedTracker:
    """One that converts in seconds."""
    model = small_tracker()
    return _followed(shared / "small tracker", model, graphs_of(model))


@pytest.fixture(scope="session")
def trained_tracker(shared: Path) -> FollowedTracker:
    """The trained one, whose masks are of an object."""
    model, _ = model_with_weights(model_info("efficienttam_nano"), "required")
    return _followed(shared / "trained tracker", model, graphs_of(model))


def _followed(folder: Path, model: EfficientTAM, graphs: tuple[Graph, ...]) -> FollowedTracker:
    """What PyTorch sees in a sequence."""

    def record(to: Path) -> None:
        sequence = record_sequence(graphs, model, to)
        (to / "sequence.json").write_text(sequence.model_dump_json())

    made_once(folder, record)
    sequence = SequenceEntry.model_validate_json((folder / "sequence.json").read_bytes())
    return FollowedTracker(
        {graph.name: graph for graph in graphs},
        {graph.name: read_vectors(folder / vectors_file(graph.name)) for graph in graphs},
        recorded_sequence(folder, sequence, model.image_size),
    )


class LoweredTracker:
    """Graphs of the small tracker as artefacts, by format, graph and precision."""

    def __init__(self, tracker: FollowedTracker, folder: Path) -> None:
        self._tracker, self._folder = tracker, folder

    def __call__(self, format: str, graph: str, precision: Precision = "fp32") -> LoweredGraph:
        folder = self._folder / f"{graph}-{format}-{precision}"
        return lowered_once(folder, format, self._tracker.graphs[graph], LowerOptions(precision))


@pytest.fixture(scope="session")
def lowered_tracker(followed_tracker: FollowedTracker, shared: Path) -> LoweredTracker:
    return LoweredTracker(followed_tracker, shared / "lowered")
