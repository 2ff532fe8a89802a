"""What the latency service bears: a load, malformed requests, `kill -9`, and how soon its page shows something.

    python -m benchmarks.service load --kept fleet.sqlite3         # 300 requests/s over a million rows
    python -m benchmarks.service load --postgres --processes 2
    python -m benchmarks.service malformed                         # 10,000 requests that are wrong in some way
    python -m benchmarks.service kills [--postgres]                # 50 times, while several programs post
    python -m benchmarks.service page --kept fleet.sqlite3         # in Chromium, cold and warm

`--write` puts the figures into docs/service_measured.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.service import first_view
from benchmarks.service.kills import kills
from benchmarks.service.load import load
from benchmarks.service.malformed import malformed

KEPT = click.option("--kept", type=click.Path(path_type=Path), help="A SQLite file that is filled once and kept.")
POSTGRES = click.option("--postgres", is_flag=True, help="PostgreSQL, of a server of its own, in place of SQLite.")
ROWS = click.option("--rows", default=1_000_000, show_default=True, help="Measurements in the database.")
SEED = click.option("--seed", default=0, show_default=True)
WRITE = click.option("--write", is_flag=True, help="Put the figures into docs/service_measured.md.")


@click.group(help=__doc__)
def main() -> None:
    """Each benchmark is a command."""


@main.command("load", help="How long answers take at a fixed rate of questions.")
@ROWS
@click.option("--rate", default=300.0, show_default=True, help="Requests a second.")
@click.option("--posts", default=5.0, show_default=True, help="Of a hundred requests.")
@click.option("--seconds", default=30.0, show_default=True)
@click.option("--warm-up", default=10.0, show_default=True, help="Seconds before, which do not count.")
@click.option("--devices", default=12, show_default=True, help="That are asked about.")
@click.option("--processes", default=1, show_default=True)
@POSTGRES
@KEPT
@WRITE
def _load(**options) -> None:
    load(**options)


@main.command("malformed", help="What requests get that are wrong in some way.")
@click.option("--requests", "number", default=10_000, show_default=True)
@SEED
@WRITE
def _malformed(**options) -> None:
    malformed(**options)


@main.command("kills", help="What is left after `kill -9` while several programs post.")
@click.option("--kills", "number", default=50, show_default=True)
@click.option("--writers", default=4, show_default=True)
@POSTGRES
@SEED
@WRITE
def _kills(**options) -> None:
    kills(**options)


@main.command("page", help="From navigation to the first view, in Chromium.")
@ROWS
@click.option("--times", default=10, show_default=True)
@KEPT
@WRITE
def _page(**options) -> None:
    first_view.page(**options)


if __name__ == "__main__":
    main()
