"""What profiles state is whole, hangs together, and names where it was read."""

import re
from collections import defaultdict
from itertools import pairwise

import pytest

import device_profiles
from device_profiles.host import FEATURES
from device_profiles.schema import FROM_MEMORY, Device

DEVICES = device_profiles.all_devices()
IMPLIED = {"sve2": {"sve"}, "sme2": {"sme"}}

# What memory of a kind, 64 bits wide, moves at most, GB/s; phones have no wider one.
FASTEST_MEMORY = {"LPDDR4": 29.9, "LPDDR4X": 34.2, "LPDDR5": 51.2, "LPDDR5X": 85.4}

every_device = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.id)


def features(device: Device) -> set[str]:
    """The extensions that a device lists, and those that they imply."""
    listed = set(device.isa.features)
    return listed.union(*(IMPLIED.get(name, set()) for name in listed))


def version(device: Device) -> float:
    """8.2 of "ARMv8.2" or "ARMv8.2-class"."""
    found = re.match(r"ARMv(\d+(?:\.\d)?)", device.isa.architecture or "")
    assert found, device.isa.architecture
    return float(found[1])


@every_device
def test_every_stated_fact_has_a_source(device: Device) -> None:
    assert set(device.facts) == set(device.sources.model_dump(exclude_none=True))


@every_device
def test_a_profile_is_whole(device: Device) -> None:
    facts = {"year", "soc", "cpu", "cpu_clocks", "isa", "gpu", "npu", "memory", "memory_type", "os_launch", "os_max"}
    assert facts <= set(device.facts)
    assert all(cluster.ghz for cluster in device.cpu)
    assert device.isa.architecture


def test_little_is_stated_from_memory() -> None:
    stated = sum(len(device.facts) for device in DEVICES)
    assert 0 < sum(len(device.from_memory) for device in DEVICES) < 0.05 * stated


@every_device
def test_what_is_not_known_is_left_out_and_not_described(device: Device) -> None:
    values = device.model_dump(exclude={"sources", "prefer"}, exclude_none=True)
    assert not re.search(rf"\?|unknown|not published|not found|{FROM_MEMORY}", str(values))


@every_device
def test_clusters_stand_by_their_rank(device: Device) -> None:
    ranks = [("big", "mid", "little").index(cluster.tier) for cluster in device.cpu]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    clocks = [cluster.ghz or 0 for cluster in device.cpu]
    assert clocks == sorted(clocks, reverse=True)
    assert sum(cluster.count for cluster in device.cpu) in (4, 6, 8, 9, 10)


def test_two_clusters_of_a_tier_are_kept_apart() -> None:
    mid = [cluster for cluster in device_profiles.load("galaxy_s23").cpu if cluster.tier == "mid"]
    assert [(cluster.count, cluster.core) for cluster in mid] == [(2, "Cortex-A715"), (2, "Cortex-A710")]


@every_device
def test_extensions_have_the_names_that_the_host_has_and_none_implies_another(device: Device) -> None:
    listed = device.isa.features
    assert set(listed) <= set(FEATURES.values())
    assert len(set(listed)) == len(listed)
    assert not set(listed) & set().union(*(IMPLIED.get(name, set()) for name in listed))


@every_device
def test_an_extension_comes_with_those_that_are_older(device: Device) -> None:
    has = features(device)
    assert "fp16" in has or "dotprod" not in has
    assert "dotprod" in has or "i8mm" not in has
    assert "i8mm" in has or not has & {"bf16", "sve2", "sme"}


@every_device
def test_an_architecture_has_the_extensions_that_it_demands(device: Device) -> None:
    # Arm's reference manual: FEAT_DotProd is mandatory from ARMv8.4 on, FEAT_I8MM from ARMv8.6, and ARMv9.0 is ARMv8.5
    # with SVE2; every core of it that phones have has I8MM.
    has = features(device)
    assert "dotprod" in has or version(device) < 8.4
    assert "i8mm" in has or version(device) < 8.6
    assert version(device) >= 8.2 or not has
    assert version(device) >= 9 or "sve2" not in has


@every_device
def test_no_extension_is_both_listed_and_said_to_be_absent(device: Device) -> None:
    absent = re.findall(r"\bno (\w+)(?! outside)", device.isa.note or "")
    assert not features(device) & {name.lower() for name in absent}


def test_extensions_that_the_system_hides_from_apps_are_not_listed() -> None:
    assert "bf16" not in features(device_profiles.load("pixel8"))
    for hidden in ("galaxy_s22", "galaxy_s23", "galaxy_s24"):
        assert not features(device_profiles.load(hidden)) & {"sve", "sve2"}


def test_devices_of_one_chip_have_the_same_cores_and_extensions() -> None:
    alike = defaultdict(list)
    for device in DEVICES:
        alike[device.soc].append((device.cpu, device.isa, device.npu))
    assert max(map(len, alike.values())) > 1
    assert all(len(set(described)) == 1 for described in alike.values())


def test_a_newer_chip_of_apple_lacks_nothing_that_an_older_one_has() -> None:
    chips = {int(re.findall(r"\d+", device.soc)[0]): device for device in DEVICES if device.vendor == "Apple"}
    assert len(chips) > 5
    for older, newer in pairwise(chips[number] for number in sorted(chips)):
        assert features(older) <= features(newer)
        assert (older.cpu[0].ghz, version(older)) <= (newer.cpu[0].ghz, version(newer))
        assert older.memory.bandwidth_gbs <= newer.memory.bandwidth_gbs


def test_a_phone_that_is_sold_with_two_chips_is_two_devices() -> None:
    exynos = [device for device in DEVICES if device.id.endswith("_exynos")]
    assert exynos
    for device in exynos:
        other = device_profiles.load(device.id.removesuffix("_exynos"))
        assert device.soc.startswith("Exynos")
        assert other.soc.startswith("Snapdragon")
        assert (device.year, device.os) == (other.year, other.os)


@every_device
def test_memory_moves_no_more_than_its_kind_can(device: Device) -> None:
    kind = re.match(r"LPDDR\dX?", device.memory.type)
    assert kind, device.memory.type
    assert (device.memory.bandwidth_gbs or 1) <= FASTEST_MEMORY[kind[0]]


@every_device
def test_the_newest_system_is_the_launch_system_or_a_newer_one(device: Device) -> None:
    assert device.os.launch.split()[0] == device.os.max.split()[0]
    assert device.os.launch_major <= device.os.max_major


@every_device
def test_a_reason_names_what_the_device_has(device: Device) -> None:
    reason = device.prefer.reason
    cores = " ".join(cluster.core or "" for cluster in device.cpu)
    for name in re.findall(r"Cortex-\w+|C1-\w+|Kryo|Oryon|Exynos M\d|Hurricane", reason):
        assert name in cores
    assert "i8mm" not in reason or ("with i8mm" in reason) == ("i8mm" in features(device))
    assert "dot products" not in reason or "dotprod" not in features(device)
    assert "Hexagon" not in reason or device.npu.name.startswith("Hexagon")
    assert "big and mid" not in reason or "mid" in {cluster.tier for cluster in device.cpu}
    assert device.prefer.compute_unit != "npu" or device.npu.name != "none"


def test_a_fact_that_nobody_stated_is_absent() -> None:
    pixel = device_profiles.load("pixel8")
    assert (pixel.npu.tops, pixel.memory.bandwidth_gbs) == (None, None)
    assert not {"npu_tops", "bandwidth"} & set(pixel.facts)
    assert "cpu_cores" not in device_profiles.load("iphone15_pro").facts
