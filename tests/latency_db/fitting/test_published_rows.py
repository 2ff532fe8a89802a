"""Published rows are made of the public files as the importer reads them."""

import csv

import pytest

from latency_db.fitting.published_rows import earlier_release

CELLS = {
    "model": "m", "component": "m", "precision": "float", "os": "14", "runtime": "tflite", "tool_version": "",
    "compute_unit": "NPU", "latency_ms": 1.5, "ops_npu": 3, "ops_gpu": 0, "ops_cpu": 0, "job_id": "jone",
    "source": "git", "source_version": "0.46.1/2026-01",
}  # fmt: skip


@pytest.fixture
def history(tmp_path):
    """One job, listed for a headset and two phones."""
    path = tmp_path / "history.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*CELLS, "device"])
        writer.writeheader()
        for device in ("Snapdragon XR2 Gen 2", "Samsung Galaxy S24", "Samsung Galaxy S25"):
            writer.writerow(CELLS | {"device": device})
    return path


def test_a_job_that_is_listed_for_several_devices_is_the_first_galaxys(history):
    (own,), (repeated,) = (earlier_release(history, phone) for phone in ("galaxy_s24", "galaxy_s25"))
    assert (own.flag, own.usable) == ("", True)
    assert own.note == "the job is listed for Samsung Galaxy S25, Snapdragon XR2 Gen 2 too"
    assert (repeated.flag, repeated.usable) == ("repeats another device's job", False)
    assert repeated.flag_reason == "job jone is galaxy_s24's"
