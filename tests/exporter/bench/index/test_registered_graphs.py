"""The shipped index has what models are cut into today."""

import re
from collections import Counter

import pytest

from exporter.bench.index.registered_graphs import rows_of, sizes_of
from exporter.models.registry import MODELS, model_info
from latency_db.registered import shipped_index


def test_every_registered_model_is_in_the_index_at_its_sizes():
    assert {name: shipped_index().sizes(name) for name in MODELS} == {
        name: sizes_of(info) for name, info in MODELS.items()
    }
    assert all(info.image_size in shipped_index().sizes(name) for name, info in MODELS.items())


def test_accuracy_and_usual_size_are_the_registrys_at_every_size():
    """Else make the table again: `latency_db/data/registered/SOURCES.md` says how."""
    for (name, _), model in shipped_index().models.items():
        assert (model.top1, model.usual_size) == (model_info(name).top1, model_info(name).image_size), name


@pytest.mark.parametrize(("name", "size"), [("mobilevit_xxs", 256), ("efficienttam_nano_256x256", 256)])
def test_a_model_is_cut_today_as_the_index_has_it(name, size):
    """Else make it again: `latency_db/data/registered/SOURCES.md` says how."""
    index, counted, rows = shipped_index(), {}, list(rows_of(name, size))
    for row in rows:
        counted.setdefault((row.graph, f"{row.runtime}/{row.unit}"), Counter())[row.kernel] += row.count
    kept = {
        cut: Counter({index.kernels[int(number)]: int(count) for number, count in re.findall(r"(\d+)\*(\d+)", text)})
        for cut, text in index.graphs[name, size].items()
    }
    assert counted == kept
    model = index.models[name, size]
    assert {(row.top1, row.usual_size) for row in rows} == {(model.top1, model.usual_size)}
    assert model.params_m == pytest.approx(model_info(name).parameters / 1e6, abs=1e-3)
