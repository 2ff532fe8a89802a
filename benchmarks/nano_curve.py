"""The log of a training run, as docs/nano has it: one table and one picture.

    .venv/bin/python -m benchmarks.nano_curve checkpoints/nano

Reads the folder that `python -m exporter.train.nano` trained in.
"""

import argparse
import csv
from pathlib import Path

import matplotlib.pyplot as plt

from exporter.train.loop import LOG
from exporter.train.nano import STAGES

KEPT = Path("docs/nano")
CURVES = {"agreement": "IoU of the answer", "grouping": "loss on pairs of pixels", "score": "loss on the object score"}


def rows_of(run: Path) -> list[dict[str, str]]:
    """The lines of all stages' logs, in the order in which they were trained."""
    rows = []
    for stage in STAGES:
        with (run / stage.name / LOG).open(newline="") as file:
            rows += [{"stage": stage.name} | row for row in csv.DictReader(file)]
    return rows


def picture(rows: list[dict[str, str]], path: Path) -> None:
    """What the losses did, over the seconds that training took."""
    hours, passed = [], 0.0
    for row in rows:
        passed += float(row["seconds"])
        hours.append(passed / 3600)
    figure, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
    for name, label in CURVES.items():
        axes.plot(hours, [float(row[name]) for row in rows], label=label)
    for stage in STAGES:
        own = [hour for hour, row in zip(hours, rows, strict=True) if row["stage"] == stage.name]
        axes.axvline(own[-1], color="0.8", zorder=0)
        axes.text((own[0] + own[-1]) / 2, 1.02, stage.name, ha="center", fontsize=7, rotation=20)
    axes.set(xlabel="hours of training", ylim=(0, 1), xlim=(0, hours[-1]))
    figure.legend(loc="outside lower center", ncols=len(CURVES), fontsize=8)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    rows = rows_of(parser.parse_args().run)
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "training.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    picture(rows, KEPT / "training.png")


if __name__ == "__main__":
    main()
