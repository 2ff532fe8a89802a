"""Where to prompt trackers with seeded weights. Writes exporter/data/prompt_choices.csv, row by row.

    .venv/bin/python -m benchmarks.prompt_choice [MODEL[@SIZE] ...]

Every registered tracker at its own image size, or the named ones, at the named sizes. Of 128 points on the object the
eight of the largest margin are followed through the whole sequence, with exact weights and with weights in half
precision, until one is found from which the masks hardly change (`exporter/verify/prompt_choice.py`). A model for 1024
pixels takes an hour on two cores.
"""

import csv
import sys
import time
from pathlib import Path

from exporter.models.registry import MODELS, create_model
from exporter.models.weights.loading import seed_weights
from exporter.verify.prompt_choice import Search, known_choices, searched_choice
from exporter.verify.record import FRAMES

TABLE = Path(__file__).parent.parent / "exporter" / "data" / "prompt_choices.csv"
THOROUGH = Search(clicks=128, tried=8, frames=FRAMES)


def main() -> None:
    trackers = [name for name, info in MODELS.items() if info.family.task == "track"]
    rows = dict(known_choices())
    for asked in sys.argv[1:] or trackers:
        name, _, size = asked.partition("@")
        begun = time.perf_counter()
        model = create_model(name, int(size) if size else None)
        seed_weights(model)
        rows[name, model.image_size] = searched_choice(model, THOROUGH)
        print(
            f"{name}@{model.image_size}: {rows[name, model.image_size]}, {time.perf_counter() - begun:.0f} s",
            flush=True,
        )
        write(rows)


def write(rows: dict) -> None:
    order = list(MODELS)
    with TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("model", "image_size", "x", "y", "point_frame", "box_frame", "points_frame"))
        for (name, size), choice in sorted(rows.items(), key=lambda row: (order.index(row[0][0]), row[0][1])):
            table.writerow((name, size, *choice.click, choice.point_frame, choice.box_frame, choice.points_frame))


if __name__ == "__main__":
    main()
