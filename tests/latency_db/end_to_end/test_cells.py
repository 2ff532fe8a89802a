"""The shipped end-to-end tables agree with themselves and with what was published."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.end_to_end.cells import TABLES, CellId, shipped
from latency_db.end_to_end.features import NAMES, of_kernel
from latency_db.kernel import Kernel
from latency_db.shipped_tables import read_lines

PIXEL = CellId("pixel4", "tflite", "2.10", "cpu", "1large", "fp32")


@pytest.fixture(scope="module")
def table():
    return shipped()


def macs():
    """(model, runtime) -> multiply-accumulates of its shipped graph"""
    kernels = [Kernel.of_key(row["kernel"]).macs for row in read_lines(TABLES / "kernels.csv.gz")]
    for row in read_lines(TABLES / "graphs.csv.gz"):
        parts = (part.split("*") for part in row["kernels"].split())
        yield row["model"], row["runtime"], sum(int(count) * kernels[int(number)] for number, count in parts)


def test_graphs_have_the_operations_that_were_published():
    published = {row["model"]: row for row in read_lines(TABLES / "models.csv.gz")}
    for model, runtime, count in macs():
        if flops := published[model][runtime]:
            loosely = model.startswith("mobilevitv2")
            assert 0.96 < 2 * count / float(flops) < (1.09 if loosely else 1.01), model


def test_graphs_have_the_features_of_their_kernels(table):
    kernels = [Kernel.of_key(row["kernel"]) for row in read_lines(TABLES / "kernels.csv.gz")]
    for row in list(read_lines(TABLES / "graphs.csv.gz"))[::7]:
        parts = (part.split("*") for part in row["kernels"].split())
        counted = sum(int(count) * of_kernel(kernels[int(number)]) for number, count in parts)
        stored = table.features[row["model"], row["runtime"], row["unit"]]
        np.testing.assert_allclose(stored, counted, rtol=1e-8)


def test_there_are_seven_phones_in_254_cells(table):
    assert len(table.cells) == 254
    assert len({cell.device for cell in table.cells}) == 7


def test_every_measured_model_has_a_graph_in_its_cell(table):
    for cell in table.cells.values():
        assert np.isfinite(table.features_of(cell)).all()
        assert (table.features_of(cell) >= 0).all()
        assert (cell.milliseconds > 0).all()
        assert (cell.coefficients >= 0).all()


def test_a_measured_model_answers_with_its_own_measurement(table):
    answer = table.measured(table.cells[PIXEL], "bagnet9")
    assert answer.method == "measured"
    assert answer.milliseconds == [908.365]
    assert answer.low < answer.milliseconds < answer.high


def test_a_phone_whose_runs_differ_much_takes_no_less_than_nothing(table):
    cell = table.cells[PIXEL]
    noisy = replace(cell, deviations=10 * cell.milliseconds)
    answer = table.measured(noisy, "bagnet9")
    assert 0 < answer.low < answer.milliseconds < answer.high


def test_a_model_that_was_not_measured_has_no_measurement(table):
    assert table.measured(table.cells[PIXEL], "vit-msn-small") is None


def test_a_row_of_a_throttled_phone_is_no_answer(table):
    slow = [
        (cell, model) for cell in table.cells.values() for model, bad in zip(cell.models, cell.slow, strict=True) if bad
    ]
    assert len(slow) == 12
    assert {(cell.id.device, cell.id.cores) for cell, _ in slow} == {("galaxy_s10", "1large2med")}
    assert all(table.measured(cell, model) is None for cell, model in slow)


def test_the_roofline_is_near_what_was_measured(table):
    cell = table.cells[PIXEL]
    estimate = table.estimated(cell, table.features_of(cell))
    assert np.median(np.abs(estimate.milliseconds / cell.milliseconds - 1)) < 0.03
    assert estimate.method == "roofline of the cell"


def test_the_interval_of_a_graph_of_a_known_family_is_narrower(table):
    cell = table.cells[PIXEL]
    graphs = table.features_of(cell)
    known, new = (table.estimated(cell, graphs, new_family=new) for new in (False, True))
    assert np.median(known.high / known.low) < np.median(new.high / new.low)
    assert (known.milliseconds == new.milliseconds).all()


def test_a_graph_with_what_its_cell_never_saw_says_so_and_gets_a_wider_interval(table):
    cell = next(c for c in table.cells.values() if not table.features_of(c)[:, NAMES.index("macs matmul")].any())
    seen = table.features_of(cell)[:1]
    with_matmul = seen.copy()
    with_matmul[0, NAMES.index("macs matmul")] = 1e-6
    estimate = table.estimated(cell, np.concatenate([seen, with_matmul]))
    assert estimate.unseen_names(0) == ()
    assert estimate.unseen_names(1) == ("macs matmul",)
    half = np.log(estimate.high / estimate.milliseconds)
    assert half[1] == pytest.approx(2 * half[0], rel=0.01)


def test_what_was_measured_has_nothing_unseen(table):
    assert table.measured(table.cells[PIXEL], "bagnet9").unseen_names(0) == ()


def test_a_graph_without_kernels_is_refused(table):
    cell = table.cells[PIXEL]
    graphs = np.stack([table.features_of(cell)[0], np.zeros(len(NAMES))])
    with pytest.raises(ValueError, match="Graph 1 has no kernels"):
        table.estimated(cell, graphs)


def test_thousands_of_candidates_are_one_call(table):
    cell = table.cells[PIXEL]
    candidates = np.repeat(table.features_of(cell), 25, axis=0)
    assert table.estimated(cell, candidates).milliseconds.shape == (2000,)


def test_the_tables_are_small():
    assert sum(path.stat().st_size for path in TABLES.iterdir()) < 500_000
