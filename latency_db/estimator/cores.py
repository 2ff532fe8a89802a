"""How fast a phone's CPU cores multiply, from what its profile says: by which one phone is compared with another.

A core's speed is its clock times the 128-bit multiply-accumulates of fp32 that it starts in a cycle; a core that runs
instructions in order stalls on what it loads. On the seven phones of the end-to-end tables, the cores that run out of
order take 0.83 to 1.23 times as long as this says, next to the Pixel 4's large one, for the median CNN in fp32; for
transformers 0.84 to 1.6 times (Galaxy S10).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import device_profiles

if TYPE_CHECKING:
    from device_profiles.schema import Cluster

IN_ORDER = 0.5
"""Of its peak, what a core that runs in order reaches next to the Pixel 4's large core in fp32: 0.34 to 0.69 on the six
clusters of Cortex-A53 and A55 in the tables under three runtimes, 0.48 at the median"""

TIERS = {"large": "big", "med": "mid", "small": "little"}
"""Words of the tables -> words of the profiles; a phone's only clusters, and its second ones, are told apart by rank"""


@dataclass(frozen=True)
class Core:
    """What decides the speed of matrix products on one kind of core."""

    name: str
    pipes: int
    """128-bit fp32 multiply-accumulates that it starts in a cycle"""
    in_order: bool = False


# From memory of the vendors' software optimisation guides and of measurements of Apple's and Qualcomm's own cores; not
# looked up. What they are worth is in the intervals, which come from leaving each phone out.
CORES = (
    Core("Cortex-A53", 1, in_order=True),
    Core("Cortex-A55", 1, in_order=True),
    Core("Cortex-A510", 1, in_order=True),
    Core("Cortex-A520", 1, in_order=True),
    Core("Cortex-A75", 1),
    Core("Cortex-A76", 2),
    Core("Cortex-A78", 2),
    Core("Cortex-A710", 2),
    Core("Cortex-A715", 2),
    Core("Cortex-A720", 2),
    Core("Cortex-A725", 2),
    Core("Cortex-X", 4),
    Core("C1-Ultra", 4),
    Core("C1-Pro", 2),
    Core("Exynos M4", 3),
    Core("Oryon", 4),
    Core("Kryo", 1),
    Core("Hurricane", 3),
    Core("Vortex", 3),
    Core("Lightning", 3),
    Core("Zephyr", 1),
    Core("Tempest", 1),
    Core("Thunder", 2),
    Core("Icestorm", 2),
    Core("Blizzard", 2),
    Core("Sawtooth", 2),
)
"""By part of their names in the profiles; of several that fit, the longest is meant."""
UNNAMED = {"big": Core("Apple's big", 4), "mid": Core("Apple's big", 4), "little": Core("Apple's little", 2)}
"""Of a cluster whose core has no name: as Apple's cores are since the A14, whose successors the profiles do not name"""


@dataclass(frozen=True)
class Cores:
    """Those that threads are bound to."""

    speed: float
    """Of all of them: 10⁹ 128-bit multiply-accumulates a second that they sustain"""
    count: int
    fastest: Core


@lru_cache(maxsize=1024)
def has_cores(device: str) -> bool:
    """Whether threads can be bound to cores that are told apart: neither this machine's nor a browser's are."""
    return device_profiles.load(device).platform not in ("host", "browser")


@lru_cache(maxsize=1024)
def default_cores(runtime: str, device: str, threads: int | None) -> str:
    """The cores that are meant where only a number of threads is stated, or nothing.

    Threads go to the fastest cores first. Unstated, TFLite runs one thread, as its interpreter does unless it is told;
    ExecuTorch runs one for each of the fastest cores, near what its thread pool does.
    """
    clusters = device_profiles.load(device).cpu
    left = threads or (clusters[0].count if runtime == "executorch" else 1)
    words = []
    for name, cluster in _by_name(clusters).items():
        if taken := min(left, cluster):
            words.append(f"{taken}{name}")
        left -= taken
    return "".join(words)


@lru_cache(maxsize=1024)
def number_of(cores: str) -> int:
    """How many "1large2med" are."""
    return sum(_counts(cores).values())


def impossible(device: str, cores: str, threads: int | None) -> str:
    """Why a device cannot run so many threads on these cores, each on one of its own; "" where it can."""
    there = _by_name(device_profiles.load(device).cpu)
    has = "".join(f"{count}{name}" for name, count in there.items())
    if any(count > there.get(name, 0) for name, count in _counts(cores).items()):
        return f"{device} has cores {has}, and {cores} were asked for: name some that it has."
    if threads is not None and threads > sum(there.values()):
        return f"{device} has {sum(there.values())} cores ({has}), and {threads} threads were asked for: ask for fewer."
    if threads is not None and cores and threads != number_of(cores):
        return f"Threads run on a core each, and {cores} are not {threads}: leave out one of threads and cores."
    return ""


def _counts(cores: str) -> Counter[str]:
    """Word of the tables -> how many of it "1large2med" has"""
    found = Counter[str]()
    for number, name in re.findall(r"(\d+)(\D+)", cores):
        found[name] += int(number)
    return found


@lru_cache(maxsize=1024)
def cores_of(device: str, cores: str) -> Cores | None:
    """The cores of a device that a table calls "1large2med"; None where it has no such, or no clock is known."""
    clusters = device_profiles.load(device).cpu
    by_tier = _clusters(clusters)
    taken: list[tuple[int, float, Core]] = []
    for name, number in _counts(cores).items():
        cluster = by_tier.get(name)
        if cluster is None or cluster.ghz is None:
            return None
        taken.append((number, cluster.ghz, core_of(cluster)))
    if not taken:
        return None
    speed = sum(count * ghz * core.pipes * (IN_ORDER if core.in_order else 1) for count, ghz, core in taken)
    return Cores(speed, sum(count for count, _, _ in taken), taken[0][2])


@lru_cache(maxsize=256)
def _known(name: str) -> Core | None:
    return max((core for core in CORES if core.name in name), key=lambda core: len(core.name), default=None)


def core_of(cluster: Cluster) -> Core:
    """What is known of the cores of a cluster."""
    known = _known(cluster.core) if cluster.core else None
    return known or UNNAMED[cluster.tier]


def _clusters(clusters: tuple[Cluster, ...]) -> dict[str, Cluster]:
    """Word of the tables -> the fastest cluster of that tier"""
    tiers = {tier: name for name, tier in TIERS.items()}
    found: dict[str, Cluster] = {}
    for cluster in clusters:
        found.setdefault(tiers[cluster.tier], cluster)
    return found


def _by_name(clusters: tuple[Cluster, ...]) -> dict[str, int]:
    """Word of the tables -> number of cores of that tier, fastest first"""
    tiers = {tier: name for name, tier in TIERS.items()}
    found: dict[str, int] = {}
    for cluster in clusters:
        found[tiers[cluster.tier]] = found.get(tiers[cluster.tier], 0) + cluster.count
    return found
