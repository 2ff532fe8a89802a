"""The worker that runs a bundle's graphs for programs in other languages says what the bundle's own runners say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from apps.pipe_worker import REPLIES, REQUESTS, VALUE
from exporter.backends.runner import Arrays
from tests.apps.pipes import piped


@pytest.fixture(scope="module")
def folder(tracker_bundle, tmp_path_factory) -> Iterator[Path]:
    """Where a bundle's graphs are run."""
    pipes = tmp_path_factory.mktemp("pipes")
    with piped(tracker_bundle.path, pipes):
        yield pipes


class Program:
    """One that speaks through the pipes, as their other end."""

    def __init__(self, requests, replies) -> None:
        self._requests, self._replies = requests, replies

    def ask(self, format: str, graph: str, inputs: Arrays) -> dict:
        """The head of the reply."""
        shapes = {name: value.shape for name, value in inputs.items()}
        self._requests.write(json.dumps({"format": format, "graph": graph, "inputs": shapes}).encode() + b"\n")
        for value in inputs.values():
            self._requests.write(value.astype(VALUE).tobytes())
        self._requests.flush()
        return json.loads(self._replies.readline())

    def run(self, format: str, graph: str, inputs: Arrays) -> Arrays:
        shapes = self.ask(format, graph, inputs)["outputs"]
        read = self._replies.read
        return {
            name: np.frombuffer(read(4 * int(np.prod(shape))), VALUE).reshape(shape) for name, shape in shapes.items()
        }


@contextmanager
def program(folder: Path) -> Iterator[Program]:
    with (folder / REQUESTS).open("wb") as requests, (folder / REPLIES).open("rb") as replies:
        yield Program(requests, replies)


def test_a_graph_gives_what_its_runner_gives(tracker_bundle, folder):
    given, _ = tracker_bundle.vectors("track_step")
    inputs = {name: values[0] for name, values in given.items()}
    expected = tracker_bundle.runner("onnx", "track_step", threads=1)(inputs)
    with program(folder) as other:
        found = other.run("onnx", "track_step", inputs)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_what_cannot_be_run_is_answered_in_a_sentence_and_the_next_is_run(tracker_bundle, folder):
    given, _ = tracker_bundle.vectors("encode_image")
    inputs = {name: values[0] for name, values in given.items()}
    with program(folder) as other:
        assert "has no 'encode_image' in tflite" in other.ask("tflite", "encode_image", inputs)["error"]
        assert "has no 'track_backwards'" in other.ask("onnx", "track_backwards", inputs)["error"]
        assert "image" in other.ask("onnx", "encode_image", {"image": np.zeros((1, 3, 8, 8))})["error"]
        assert other.run("onnx", "encode_image", inputs)["features"].any()


def test_programs_are_served_one_after_the_other(folder):
    for _ in range(3):
        with program(folder) as other:
            assert "has no" in other.ask("tflite", "encode_image", {})["error"]
