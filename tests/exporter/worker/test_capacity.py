"""How many processes there is room for, on the machine that this runs on."""

import os
from pathlib import Path

from exporter.worker.capacity import memory_available, workers_for

MANY = 1_000_000


def test_small_processes_are_as_many_as_cores():
    assert workers_for(1, MANY) == len(os.sched_getaffinity(0))


def test_there_are_no_more_than_there_is_work_for():
    assert workers_for(1, 1) == 1


def test_one_works_however_large_it_is():
    assert workers_for(10**18, MANY) == 1


def test_processes_of_no_size_are_no_division_by_zero():
    assert workers_for(0, MANY) == len(os.sched_getaffinity(0))


def test_memory_is_what_the_kernel_would_give_and_no_more():
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    assert 0 < memory_available() <= int(total.split()[1]) * 1024
