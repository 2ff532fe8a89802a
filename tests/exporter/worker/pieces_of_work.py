"""Pieces of work for stages."""

import os
import time
from pathlib import Path

from exporter.worker.stages import run_stages


def run(stages, workers=2, progress=lambda what, share: None):
    return run_stages(stages, workers, progress)


def pid(report, *given):
    return os.getpid()


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.002)


def meets(folder: Path, own: str, other: str):
    """Work that is done only while the other's is: each waits until the other has begun."""

    def work(report, *given):
        (folder / own).touch()
        wait_for(folder / other)
        return os.getpid()

    return work


def raises(error):
    def work(report):
        raise error

    return work


def sleeps(file: Path):
    """Work that never ends, and says by whom it is done."""

    def work(report):
        file.with_suffix(".part").write_text(str(os.getpid()))
        file.with_suffix(".part").rename(file)
        time.sleep(600)

    return work


def after(file: Path, work):
    """Work that begins once a file is there."""

    def waits(report):
        wait_for(file)
        return work(report)

    return waits
