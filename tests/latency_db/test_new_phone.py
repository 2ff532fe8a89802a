"""A phone without a table: what its first thirty kernels, timed from a pack, tell of all others."""

import json

import numpy as np
import pytest

from latency_db import store
from latency_db.importers.reading import read_file
from latency_db.kernel import Kernel
from latency_db.operators.anchors import anchors
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.table import configuration, read_table, tabled_devices
from latency_db.operators.transfer import transfer
from tests.latency_db.packs import pack_beside, result_of

NEW, ANCHORS = "pixel4", 30
MEDIAN_ERROR = 0.16
"""What is asked of 30 anchors under TFLite; the mean of all six phones is in docs/latency.md"""


@pytest.fixture(scope="module")
def table():
    return read_table("tflite", NEW)


@pytest.fixture
def timed(table, tmp_path, monkeypatch):
    """(kernels, µs) that the store has of the phone, once the result of its first thirty was imported."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    kernels = [Kernel.of_key(key) for key in table.by_key]
    first = [kernels[index].key for index in anchors(kernels, [1.0] * len(kernels), ANCHORS)]
    times = {key: {"p50": table.by_key[key] / 1e3} for key in first}
    result = result_of(pack_beside(tmp_path, first), times, device={"model": "A new phone"})
    (tmp_path / "result.json").write_text(json.dumps(result))
    with store.open(f"sqlite:///{tmp_path / 'latency.sqlite3'}") as measured:
        measured.add(read_file("app", tmp_path / "result.json"))
        rows = [record.measurement for record in measured.measurements(device="a_new_phone", runtime="tflite")]
    return [Kernel.of_key(row.subject.key) for row in rows], np.array([1e3 * row.latency.ms for row in rows])


def test_thirty_kernels_of_a_pack_already_give_a_useful_table(table, timed):
    known, us = timed
    others = [KernelEstimator.shipped("tflite", device) for device in tabled_devices("tflite") if device != NEW]
    seen = {configuration(kernel) for kernel in known}
    held_out = np.array([row for row, kernel in enumerate(table.kernels) if configuration(kernel) not in seen])
    found = transfer(known, us, others).estimate(table.kernels_at(held_out))
    truth = table.us[held_out]
    assert len(known) == ANCHORS
    assert np.median(np.abs(found.us / truth - 1)) <= MEDIAN_ERROR
    assert np.mean((found.low <= truth) & (truth <= found.high)) >= 0.8
