"""Tables are made of a published table and a folder of graphs."""

import csv

import numpy as np
import pytest

pytest.importorskip("scipy")

from latency_db.end_to_end.cells import CellId, read
from latency_db.fitting.end_to_end import main

COLUMNS = ["model", "flops", "device", "runtime", "compute_unit", "cores", "precision", "latency_ms", "std_ms"]
WIDTHS = (8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Twelve models of one linear layer and one addition: 0.1 ms for 1000 products, 1 ms for 1000 elements."""
    folder = tmp_path_factory.mktemp("fitting")
    graphs = folder / "graphs"
    graphs.mkdir()
    rows = []
    for number, width in enumerate(WIDTHS):
        tokens = 10 + 7 * (number % 5)
        linear = f"linear 1x{tokens}x{width}>1x{tokens}x{width} linear float32"
        add = f"elementwise 1x{width}x100>1x{width}x100 add float32"
        with (graphs / f"m{width}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["model", "family", "size", "runtime", "unit", "count", "kernel"])
            writer.writerows(
                (f"m{width}", f"f{number % 4}", 224, "tflite", "cpu", count, key)
                for count, key in ((1, linear), (2, add))
            )
        macs, elements = tokens * width * width, 2 * 2 * width * 100
        milliseconds = macs * 1e-4 + elements * 1e-3
        for cores, times in (("1large", 1), ("1large2med", 20 if number == 3 else 0.7)):
            place = ["Samsung Galaxy S10", "TFLite 2.10", "CPU", cores, "float"]
            rows.append([f"m{width}", 2 * macs, *place, times * milliseconds, 0.01])
    rows.append(["without-a-graph", 1, "Samsung Galaxy S10", "TFLite 2.10", "CPU", "1large", "float", 1.0, 0.01])
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    for name in ("one", "other"):
        main(folder / "table.csv", graphs, folder / name)
    return folder


def test_a_cell_estimates_the_models_that_it_was_fitted_to(made):
    table = read(made / "one")
    cell = table.cells[CellId("galaxy_s10", "tflite", "2.10", "cpu", "1large", "fp32")]
    assert np.allclose(table.features_of(cell) @ cell.coefficients, cell.milliseconds, rtol=1e-3)
    assert np.abs(cell.model_residuals).max() < 0.01


def test_the_row_that_took_twenty_times_as_long_on_more_cores_is_marked_and_not_fitted(made):
    table = read(made / "one")
    cell = table.cells[CellId("galaxy_s10", "tflite", "2.10", "cpu", "1large2med", "fp32")]
    assert [model for model, slow in zip(cell.models, cell.slow, strict=True) if slow] == [f"m{WIDTHS[3]}"]
    assert np.abs(cell.model_residuals[~cell.slow]).max() < 0.01


def test_a_model_without_a_graph_is_left_out(made):
    assert "without-a-graph" not in read(made / "one").models


def test_the_same_input_makes_the_same_bytes(made):
    for path in (made / "one").iterdir():
        assert path.read_bytes() == (made / "other" / path.name).read_bytes()
