"""A phone without a table: what its first thirty kernels, timed from a pack, tell of all others."""

import json

import numpy as np
import pytest

from latency_db import store
from latency_db.estimator.anchors import from_anchor_kernels
from latency_db.estimator.question import question
from latency_db.estimator.workload import Workload
from latency_db.importers.reading import read_file
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions
from latency_db.operators.anchors import anchors
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.table import configuration, read_table, tabled_devices
from latency_db.operators.transfer import transfer
from tests.latency_db.packs import pack_beside, result_of

NEW, ANCHORS = "pixel4", 30
STORED_AS = "pixel8"
"""A phone of which nothing is known: the figures are those of another, whose table is left out."""
MEDIAN_ERROR = 0.16
"""What is asked of 30 anchors under TFLite; the mean of all six phones is in docs/latency.md"""


@pytest.fixture(scope="module")
def table():
    return read_table("tflite", NEW)


@pytest.fixture
def rows(table, tmp_path, monkeypatch):
    """What the store has of the phone, once the result of its first thirty kernels was imported."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    kernels = [Kernel.of_key(key) for key in table.by_key]
    first = [kernels[index].key for index in anchors(kernels, [1.0] * len(kernels), ANCHORS)]
    times = {key: {"p50": table.by_key[key] / 1e3} for key in first}
    result = result_of(pack_beside(tmp_path, first), times)
    (tmp_path / "result.json").write_text(json.dumps(result))
    with store.open(f"sqlite:///{tmp_path / 'latency.sqlite3'}") as measured:
        measured.add(read_file("app", tmp_path / "result.json"))
        return [record.measurement for record in measured.measurements(device=STORED_AS, runtime="tflite")]


@pytest.fixture
def held_out(table, rows):
    """Lines of the table of which no like kernel was measured."""
    seen = {configuration(Kernel.of_key(row.subject.key)) for row in rows}
    return np.array([line for line, kernel in enumerate(table.kernels) if configuration(kernel) not in seen])


def test_thirty_kernels_of_a_pack_already_give_a_useful_table(table, rows, held_out):
    kernels, us = [Kernel.of_key(row.subject.key) for row in rows], np.array([1e3 * row.latency.ms for row in rows])
    assert len(kernels) == ANCHORS
    others = [KernelEstimator.shipped("tflite", device) for device in tabled_devices("tflite") if device != NEW]
    found = transfer(kernels, us, others).estimate(table.kernels_at(held_out))
    truth = table.us[held_out]
    assert np.median(np.abs(found.us / truth - 1)) <= MEDIAN_ERROR
    assert np.mean((found.low <= truth) & (truth <= found.high)) >= 0.8


def test_a_graph_is_estimated_from_them(table, rows, held_out):
    others = [device for device in tabled_devices("tflite") if device != NEW]
    graph = Workload({"graph": tuple(table.kernels_at(held_out[::20]))})
    asked = question(graph, STORED_AS, Conditions("tflite", "gpu", "fp32"), rows)
    found = from_anchor_kernels(asked, devices=others)
    truth = table.us[held_out[::20]].sum() / 1e3
    assert found.method == "transfer"
    assert f"{ANCHORS} kernels measured on it" in found.reason
    assert abs(found.ms / truth - 1) <= MEDIAN_ERROR
    assert found.low <= truth <= found.high
