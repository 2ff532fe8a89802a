"""The file of what was learned of a machine."""

import pytest

from latency_db.operators.calibration import Calibration
from latency_db.operators.fit_file import fit_path, read_fit, write_fit
from tests.latency_db.operators.measured_here import US, fit_of


@pytest.fixture
def fit():
    return fit_of(US, Calibration({"conv": 1.25}, {"softmax": 90.0}, {"graph": 3.5}, quantile=0.75, graphs=7), call=0.5)


def test_a_fit_is_read_as_it_was_written(tmp_path, fit):
    assert write_fit(tmp_path, fit) == fit_path(tmp_path, fit.soc, "onnx", "1.22.0", 1)
    assert read_fit(tmp_path, fit.soc, "onnx", "1.22.0", 1) == fit


@pytest.mark.parametrize(
    "other", [("another chip, 2 cores", "onnx", "1.22.0", 1), ("a chip, 2 cores", "onnx", "1.23.0", 1),
              ("a chip, 2 cores", "tflite", "1.22.0", 1), ("a chip, 2 cores", "onnx", "1.22.0", 2)],
)  # fmt: skip
def test_another_machine_version_or_number_of_threads_has_none(tmp_path, fit, other):
    write_fit(tmp_path, fit)
    assert read_fit(tmp_path, *other) is None


@pytest.mark.parametrize("text", ["{}", "", "[]", '{"classes": {}}'])
def test_a_file_of_another_version_of_this_program_is_none(tmp_path, fit, text):
    write_fit(tmp_path, fit).write_text(text)
    assert read_fit(tmp_path, fit.soc, "onnx", "1.22.0", 1) is None
