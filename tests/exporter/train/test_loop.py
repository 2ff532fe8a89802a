"""The training loop."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from exporter.train.loop import LAST, LOG, Hardware, Schedule, train
from tests.exporter.train.toy import SCHEDULE, Batches, Halves, Shaken, line, trained

ROOT = Path(__file__).parents[3]


def logged(folder: Path) -> list[dict[str, float]]:
    with (folder / LOG).open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_twenty_steps_make_the_loss_fall_and_are_logged(tmp_path):
    trained(tmp_path)
    rows = logged(tmp_path)
    assert [row["step"] for row in rows] == [5, 10, 15, 20]
    assert rows[-1]["loss"] < 0.2 * rows[0]["loss"]
    assert all(row["gradient"] > 0 for row in rows)


def test_training_resumes_where_it_was_stopped(tmp_path):
    class Stop(Exception):
        pass

    class Interrupted(Batches):
        def __getitem__(self, index):
            if index == 12:
                raise Stop
            return super().__getitem__(index)

    whole = trained(tmp_path / "whole", kind=Shaken)
    with pytest.raises(Stop):
        trained(tmp_path / "parts", batches=Interrupted(), kind=Shaken)
    assert torch.load(tmp_path / "parts" / LAST, weights_only=True)["step"] == 10
    assert same(trained(tmp_path / "parts", kind=Shaken), whole)
    averages = [torch.load(tmp_path / name / LAST, weights_only=True)["averaged"] for name in ("parts", "whole")]
    assert all(torch.equal(averages[0][name], averages[1][name]) for name in averages[0])
    assert [row["step"] for row in logged(tmp_path / "parts")] == [5, 10, 15, 20]


def test_another_schedule_does_not_go_on_with_a_checkpoint(tmp_path):
    trained(tmp_path)
    with pytest.raises(ValueError, match="trained with another schedule"):
        trained(tmp_path, replace(SCHEDULE, steps=40))


def test_two_halves_of_a_batch_that_are_accumulated_are_the_batch(tmp_path):
    whole = trained(tmp_path / "whole")
    halves = trained(tmp_path / "halves", replace(SCHEDULE, accumulate=2), Halves())
    for a, b in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_two_processes_that_have_half_a_batch_each_are_one_that_has_it(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "-m", "tests.exporter.train.toy", str(tmp_path / "two")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    alone = trained(tmp_path / "one", replace(SCHEDULE, steps=6))
    for name, value in torch.load(tmp_path / "two" / "result.pt", weights_only=True).items():
        assert torch.allclose(value, alone.state_dict()[name], atol=1e-5)


def test_the_average_follows_the_weights(tmp_path):
    module = line()
    averaged = train(module, Batches(), SCHEDULE, tmp_path, Hardware.found(), workers=0)
    assert averaged is not module
    weight, mean = module.layer.weight.item(), averaged.layer.weight.item()
    assert weight == pytest.approx(2, abs=1)
    assert mean == pytest.approx(weight, abs=1)
    assert mean != weight


def test_what_judges_the_average_is_logged(tmp_path):
    train(
        line(), Batches(), SCHEDULE, tmp_path, Hardware.found(), workers=0, every=10, evaluate=lambda m: {"quality": 7}
    )
    assert [row["quality"] for row in logged(tmp_path)] == [7, 7]


def test_muon_trains_the_weights_of_linear_layers(tmp_path):
    """Its update of a single weight is of one size, whatever the gradient: 0.2, by about a third, times the rate."""
    schedule = replace(SCHEDULE, muon=0.5, warmup=0)
    start, end = line().layer.weight.item(), trained(tmp_path, replace(schedule, steps=1)).layer.weight.item()
    assert 0.5 * 0.2 * 0.6 < end - start < 0.5 * 0.2 * 1.3
    trained(tmp_path / "whole", replace(schedule, muon=1.5))
    rows = logged(tmp_path / "whole")
    assert rows[-1]["loss"] < 0.2 * rows[0]["loss"]


def test_the_rate_warms_up_and_falls_to_a_hundredth():
    schedule = Schedule(steps=100, rate=1.0, warmup=10)
    rates = [schedule.share_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[-1] == pytest.approx(0.01, abs=0.01)
    assert all(a >= b for a, b in pairwise(rates[10:]))
