"""How many processes there is room for, on the machine that this runs on, and on others by what their kernels say."""

import os
import sys
from pathlib import Path

import pytest

from device_profiles.host import cores
from exporter.worker.capacity import memory_available, workers_for

MANY = 1_000_000
MB = 2**20
FREE = 4096 * MB
"""What the kernel of `machine` would give."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


@pytest.fixture
def machine(tmp_path):
    """Writes files of /proc and /sys, by path, below a root folder, and returns that."""

    def write(files: dict[str, str]) -> Path:
        for name, text in {"proc/meminfo": f"MemAvailable: {FREE // 1024} kB\n", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def many_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)))


def memory_of_version_2(group: str, limit: int | str, used: int = 0, droppable: int = 0) -> dict[str, str]:
    folder = f"sys/fs/cgroup{group}"
    return {
        f"{folder}/memory.max": f"{limit}\n",
        f"{folder}/memory.current": f"{used}\n",
        f"{folder}/memory.stat": f"anon 1\ninactive_file {droppable}\n",
    }


def memory_of_version_1(group: str, limit: int, used: int, droppable: int) -> dict[str, str]:
    folder = f"sys/fs/cgroup/memory{group}"
    return {
        f"{folder}/memory.limit_in_bytes": f"{limit}\n",
        f"{folder}/memory.usage_in_bytes": f"{used}\n",
        f"{folder}/memory.stat": f"inactive_file 1\ntotal_inactive_file {droppable}\n",
    }


def cpu_of_version_1(group: str, quota: int, period: int = 100_000) -> dict[str, str]:
    folder = f"sys/fs/cgroup/cpu{group}"
    return {f"{folder}/cpu.cfs_quota_us": f"{quota}\n", f"{folder}/cpu.cfs_period_us": f"{period}\n"}


def test_small_processes_are_as_many_as_cores(machine):
    assert workers_for(1, MANY, machine({})) == cores()


def test_there_are_no_more_than_there_is_work_for():
    assert workers_for(1, 1) == 1


def test_one_works_however_large_it_is():
    assert workers_for(10**18, MANY) == 1


def test_processes_of_no_size_are_no_division_by_zero(machine):
    assert workers_for(0, MANY, machine({})) == cores()


def test_this_machine_has_memory_and_no_more_than_it_has_in_all():
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    assert 0 < memory_available() <= int(total.split()[1]) * 1024
    assert 1 <= workers_for(1, MANY) <= cores()


def test_without_control_groups_memory_is_what_the_kernel_would_give(machine):
    assert memory_available(machine({})) == FREE


def test_a_limit_leaves_what_is_not_used_of_it(machine):
    root = machine({"proc/self/cgroup": "0::/job\n", **memory_of_version_2("/job", 1000 * MB, 300 * MB)})
    assert memory_available(root) == 700 * MB


def test_a_limit_above_what_the_kernel_would_give_changes_nothing(machine):
    assert memory_available(machine({"proc/self/cgroup": "0::/job\n", **memory_of_version_2("/job", 2 * FREE)})) == FREE


def test_a_group_whose_limit_is_max_has_none(machine):
    root = machine({"proc/self/cgroup": "0::/job\n", **memory_of_version_2("/job", "max", 300 * MB)})
    assert memory_available(root) == FREE


def test_pages_of_files_that_can_be_dropped_are_not_used(machine):
    root = machine({"proc/self/cgroup": "0::/job\n", **memory_of_version_2("/job", 1000 * MB, 900 * MB, 800 * MB)})
    assert memory_available(root) == 900 * MB


@pytest.mark.parametrize(("outer", "inner"), [(500, 1000), (1000, 500), (500, "max")])
def test_of_nested_limits_the_least_holds(machine, outer, inner):
    inner = inner if inner == "max" else inner * MB
    files = {**memory_of_version_2("/user", outer * MB), **memory_of_version_2("/user/job", inner)}
    assert memory_available(machine({"proc/self/cgroup": "0::/user/job\n", **files})) == 500 * MB


def test_version_1_has_files_of_other_names(machine):
    groups = "9:cpu,cpuacct:/\n4:memory:/user/job\n1:name=systemd:/\n0::/\n"
    root = machine({"proc/self/cgroup": groups, **memory_of_version_1("/user/job", 1000 * MB, 900 * MB, 600 * MB)})
    assert memory_available(root) == 700 * MB
    files = memory_of_version_1("/user", 500 * MB, 0, 0)
    assert memory_available(machine({"proc/self/cgroup": groups, **files})) == 500 * MB


def test_in_a_container_whose_group_is_named_as_on_the_host_the_mount_says_the_limits(machine, many_cores):
    files = {**memory_of_version_2("", 1000 * MB), "sys/fs/cgroup/cpu.max": "300000 100000\n"}
    root = machine({"proc/self/cgroup": "0::/docker/4f5e\n", **files})
    assert memory_available(root) == 1000 * MB
    assert workers_for(1, MANY, root) == 3


def test_as_many_work_as_fit_the_memory(machine, many_cores):
    root = machine({"proc/self/cgroup": "0::/job\n", **memory_of_version_2("/job", 1000 * MB)})
    assert workers_for(300 * MB, MANY, root) == 3


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("400000 100000", 4),
        ("250000 100000", 3),  # rounded up
        ("20000 100000", 1),
        ("max 100000", 64),
    ],
)
def test_no_more_work_than_the_cpu_quota_allows(machine, many_cores, text, workers):
    root = machine({"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": f"{text}\n"})
    assert workers_for(1, MANY, root) == workers


@pytest.mark.parametrize(("quota", "workers"), [(400_000, 4), (250_000, 3), (20_000, 1), (-1, 64)])
@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct"])
def test_nor_than_that_of_version_1(machine, many_cores, controllers, quota, workers):
    root = machine({"proc/self/cgroup": f"3:{controllers}:/job\n0::/\n", **cpu_of_version_1("/job", quota)})
    assert workers_for(1, MANY, root) == workers


def test_of_nested_quotas_the_least_holds(machine, many_cores):
    files = {"sys/fs/cgroup/user/cpu.max": "200000 100000\n", "sys/fs/cgroup/user/job/cpu.max": "800000 100000\n"}
    assert workers_for(1, MANY, machine({"proc/self/cgroup": "0::/user/job\n", **files})) == 2
    files = {**cpu_of_version_1("/user", 300_000), **cpu_of_version_1("/user/job", -1)}
    assert workers_for(1, MANY, machine({"proc/self/cgroup": "3:cpu:/user/job\n", **files})) == 3


def test_a_quota_above_the_cores_changes_nothing(machine):
    root = machine({"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": f"{(cores() + 1) * 1000} 1000\n"})
    assert workers_for(1, MANY, root) == cores()
