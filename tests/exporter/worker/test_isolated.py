"""Artefacts in a process of their own: the same answers, and whatever happens there, this process goes on."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import onnx
import pytest

from exporter.backends import backend
from exporter.errors import BackendError
from exporter.manifest import TensorSpec
from exporter.operations.relative_error import relative_error
from exporter.worker.isolated import CrashedError, isolated
from tests.processes import gone


def spec(name: str, *shape: int) -> TensorSpec:
    return TensorSpec(name=name, shape=shape, dtype="float32", layout="", kind="score", meaning="")


def onnx_file(path: Path, nodes, inputs=(("a", (2, 3)),), outputs=(("b", (2, 3)),)) -> Path:
    values = [
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in side]
        for side in (inputs, outputs)
    ]
    graph = onnx.helper.make_graph(nodes, "graph", *values)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9), path)
    return path


@pytest.fixture
def doubles(tmp_path) -> Path:
    return onnx_file(tmp_path / "doubles.onnx", [onnx.helper.make_node("Add", ["a", "a"], ["b"])])


@pytest.fixture
def endless(tmp_path) -> Path:
    """A loop of ONNX that never ends."""
    boolean = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["go"], ["goes"]), onnx.helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [boolean("i", onnx.TensorProto.INT64, []), boolean("go", onnx.TensorProto.BOOL, []),
         boolean("x", onnx.TensorProto.FLOAT, [2, 3])],
        [boolean("goes", onnx.TensorProto.BOOL, []), boolean("y", onnx.TensorProto.FLOAT, [2, 3])],
    )  # fmt: skip
    true = onnx.helper.make_tensor("true", onnx.TensorProto.BOOL, [], [True])
    nodes = [
        onnx.helper.make_node("Constant", [], ["on"], value=true),
        onnx.helper.make_node("Loop", ["", "on", "a"], ["b"], body=body),
    ]
    return onnx_file(tmp_path / "endless.onnx", nodes)


A, B = (spec("a", 2, 3),), (spec("b", 2, 3),)
ONES = {"a": np.ones((2, 3), np.float32)}


@pytest.mark.parametrize("format", ["executorch", "tflite", "onnx", "coreml"])
def test_an_artefact_says_the_same_as_in_this_process(bundles, format):
    bundle = bundles["mobilevit"]
    given, _ = bundle.vectors("classify")
    inputs = {name: values[0] for name, values in given.items()}
    here = bundle.runner(format, "classify")
    with isolated() as load:
        there = bundle.runner(format, "classify", load=load)
        assert there.runtime == here.runtime
        close = 1e-2 if format == "coreml" else 1e-5  # which is in half precision, and sums in another order
        assert relative_error(there(inputs)["logits"], here(inputs)["logits"]) < close


def test_two_artefacts_share_a_process_and_neither_sees_the_others_values(doubles):
    with isolated() as load:
        one, other = (load(backend("onnx"), doubles, A, B) for _ in range(2))
        first = one(ONES)
        other({"a": 3 * ONES["a"]})
        assert (first["b"] == 2).all()


def test_an_endless_run_is_ended_and_the_next_artefact_runs(doubles, endless):
    with isolated(patience=3.0) as load:
        stuck = load(backend("onnx"), endless, A, B)
        with pytest.raises(CrashedError, match=r"^endless\.onnx does not run: no answer came, and it was ended\.$"):
            stuck(ONES)
        with pytest.raises(CrashedError):
            stuck(ONES)
        assert (load(backend("onnx"), doubles, A, B)(ONES)["b"] == 2).all()


def test_a_process_that_somebody_else_ended_is_not_said_to_have_been_slow(doubles):
    with isolated() as load:
        run = load(backend("onnx"), doubles, A, B)
        os.kill(load._process._process.pid, signal.SIGKILL)  # as a system does that is out of memory
        with pytest.raises(CrashedError, match=r"^doubles\.onnx does not run: its process crashed: SIGKILL\.$"):
            run(ONES)


def test_what_a_runtime_prints_reaches_stderr(bundles, capfd):
    given, _ = bundles["mobilevit"].vectors("classify")
    with isolated() as load:
        bundles["mobilevit"].runner("tflite", "classify", load=load)({"image": given["image"][0]})
        assert capfd.readouterr().err == ""
    assert "XNNPACK delegate for CPU" in capfd.readouterr().err


def test_a_crash_has_the_name_of_its_signal(bundles, tmp_path):
    """A program of ExecuTorch with damage that its runtime aborts at."""
    bundle, crashes = bundles["mobilevit"], []
    artifact = bundle.artifact("executorch", "classify")
    content = (bundle.path / artifact.file).read_bytes()
    given, _ = bundle.vectors("classify")
    inputs = {name: values[0] for name, values in given.items()}
    random = np.random.default_rng(0)
    with isolated() as load:
        for _ in range(80):
            damaged = np.frombuffer(content, np.uint8).copy()
            places = random.integers(25_000, 60_000, 3)  # where the delegate's own program is
            damaged[places] = random.integers(0, 256, 3)
            (tmp_path / "damaged.pte").write_bytes(damaged.tobytes())
            try:
                load(backend("executorch"), tmp_path / "damaged.pte", artifact.inputs, artifact.outputs)(inputs)
            except CrashedError as error:
                crashes.append(str(error))
                break
            except BackendError:
                continue
    assert crashes
    assert any(name in crashes[0] for name in ("SIGABRT", "SIGSEGV")), crashes


def test_memory_without_end_is_refused_to_it(tmp_path):
    shape = onnx.helper.make_tensor("shape", onnx.TensorProto.INT64, [2], [100_000, 100_000])
    nodes = [
        onnx.helper.make_node("Constant", [], ["shape"], value=shape),
        onnx.helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        onnx.helper.make_node("ReduceMax", ["huge"], ["most"]),
        onnx.helper.make_node("Add", ["a", "most"], ["b"]),
    ]
    path = onnx_file(tmp_path / "huge.onnx", nodes)
    with isolated(memory=2_000_000_000) as load, pytest.raises(BackendError, match=r"huge\.onnx does not run"):
        load(backend("onnx"), path, A, B)(ONES)


@pytest.mark.parametrize(("inputs", "outputs"), [(A, (spec("b", 3, 2),)), ((spec("c", 2, 3),), B), (A, (*B, *A))])
def test_a_file_that_takes_or_gives_something_else_than_is_declared_is_refused(doubles, inputs, outputs):
    with isolated() as load, pytest.raises(BackendError, match="has inputs and outputs"):
        load(backend("onnx"), doubles, inputs, outputs)


def test_weights_outside_of_the_file_are_not_read(tmp_path):
    (tmp_path / "outside").mkdir()
    np.full(6, 7, np.float32).tofile(tmp_path / "weights.bin")
    for location in ("../weights.bin", str(tmp_path / "weights.bin"), "link.bin"):
        path = onnx_file(tmp_path / "outside" / "external.onnx", [onnx.helper.make_node("Add", ["a", "w"], ["b"])])
        model = onnx.load(path, load_external_data=False)
        weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=(2, 3))
        weight.data_location = onnx.TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=location)
        model.graph.initializer.append(weight)
        path.write_bytes(model.SerializeToString())
        if location == "link.bin":
            (path.parent / location).symlink_to(tmp_path / "weights.bin")
        with isolated() as load, pytest.raises(BackendError, match="does not run"):
            load(backend("onnx"), path, A, B)(ONES)


def test_it_ends_with_its_parent(doubles, tmp_path):
    started = tmp_path / "started"
    parent = os.fork()
    if parent == 0:
        with isolated() as load:
            load(backend("onnx"), doubles, A, B)(ONES)
            started.write_text(str(load._process._process.pid))
            time.sleep(60)
        os._exit(0)
    while not (started.exists() and started.read_text()):
        time.sleep(0.05)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert gone(int(started.read_text()))
