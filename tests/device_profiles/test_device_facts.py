"""Every fact of the table that profiles were written from is in them, with its source, and nothing else is."""

import csv
import re
from pathlib import Path

import pytest

import device_profiles
from device_profiles.schema import Cluster, Device

TABLE = Path(__file__).parents[1] / "data" / "device_facts.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))

# The facts whose source the table's `source` column names; every other fact is from memory.
CITED = {
    "iPhone 12": {"isa"},
    "iPhone 13": {"npu_tops"},
    "iPhone 14 Pro": {"cpu_clocks", "memory_type", "bandwidth"},
    "iPhone 15": {"soc", "cpu_clocks"},
    "iPhone 15 Pro": {"cpu"},
    "iPhone 15 Pro Max": {"cpu"},
    "Google Pixel 6": {"cpu", "cpu_cores", "cpu_clocks", "gpu", "memory_type"},
    "Google Pixel 7": {"cpu", "cpu_cores", "cpu_clocks", "gpu", "memory_type"},
    "Google Pixel 8": {"cpu", "cpu_cores", "cpu_clocks", "gpu", "memory_type"},
    "Google Pixel 9": {"cpu", "cpu_cores", "cpu_clocks", "gpu", "memory_type"},
    "Samsung Galaxy S22": {"soc", "npu", "os_launch"},
    "Samsung Galaxy S23": {"soc", "gpu", "npu", "os_launch"},
    "Samsung Galaxy S24": {"soc", "cpu", "cpu_clocks", "npu", "os_launch"},
    "Samsung Galaxy S25": {"soc", "cpu_clocks", "gpu", "npu", "os_launch"},
    "Samsung Galaxy S26": {"soc", "npu", "os_launch"},
}

# Facts of which only a part, named in the source, was looked up.
PARTLY_CITED = {
    "iPhone 12": {"isa"},
    "iPhone 14 Pro": {"bandwidth"},
    "Samsung Galaxy S23": {"npu"},
    "Samsung Galaxy S25": {"cpu_clocks"},
    "Samsung Galaxy S26": {"npu"},
}

# Where a row's source is "as" another row.
SAME_SOURCE = {"iPhone 15": "iPhone 14 Pro", "iPhone 15 Pro Max": "iPhone 15 Pro"}

every_row = pytest.mark.parametrize("row", ROWS, ids=[row["device"] for row in ROWS])


def number(text: str) -> float | None:
    """A cell's number, None where the cell is blank."""
    return float(text) if text else None


def text_of_clusters(clusters: list[Cluster]) -> str:
    """A tier's clusters as the table writes them: "2x Cortex-A715 + 2x Cortex-A710 2.8 GHz"."""
    if not clusters:
        return ""
    cores = " + ".join(f"{cluster.count}x {cluster.core or ''}".strip() for cluster in clusters)
    (clock,) = {stated_clock(cluster) for cluster in clusters}
    return f"{cores} {clock} GHz"


def stated_clock(cluster: Cluster) -> str:
    if cluster.note and cluster.note.startswith("stated as "):
        return cluster.note.removeprefix("stated as ").removesuffix(" GHz")
    return f"{cluster.ghz}"


def without_trailing_zeros(text: str) -> str:
    return re.sub(r"(\.\d+?)0+\b", r"\1", text)


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w.]+", text.casefold()))


def test_every_device_of_the_table_has_a_profile() -> None:
    assert {row["device"] for row in ROWS} <= {device.name for device in device_profiles.all_devices()}
    assert len({row["device"] for row in ROWS}) == len(ROWS) > 0


@every_row
def test_every_fact_of_the_table_survives(row: dict[str, str]) -> None:
    device = device_profiles.load(row["device"])
    assert device.npu is not None
    assert device.memory is not None
    assert device.soc == row["soc"]
    assert device.year == int(row["year"])
    assert device.gpu == row["gpu"]
    assert words(device.npu.name) | words(device.npu.note or "") == words(row["npu"]) - {"yes"}
    assert device.npu.tops == number(row["npu_claimed_tops"])
    assert device.memory.gb == row["ram_gb"]
    assert device.memory.type == row["mem_type"]
    assert device.memory.bandwidth_gbs == number(row["mem_bandwidth_gbs"])
    assert device.os.launch == row["os_launch"]
    assert device.os.max == (row["os_max"].partition(" (")[0] or None)
    for tier in ("big", "mid", "little"):
        clusters = [cluster for cluster in device.cpu if cluster.tier == tier]
        assert text_of_clusters(clusters) == without_trailing_zeros(row[f"cpu_{tier}"])


@every_row
def test_every_isa_feature_and_caveat_of_the_table_survives(row: dict[str, str]) -> None:
    isa = device_profiles.load(row["device"]).isa
    profile = words(f"{isa.architecture or ''} {' '.join(isa.features)} {isa.note or ''}")
    assert profile - {"is"} == words(row["isa_features"]) - {"cores"}


@every_row
def test_a_feature_is_listed_only_where_apps_are_known_to_have_it(row: dict[str, str]) -> None:
    stated = re.sub(r"no [^;]*|SVE not exposed to apps|SME \(to verify\)|\([^)]*\)", "", row["isa_features"])
    assert set(device_profiles.load(row["device"]).isa.features) == words(stated) & {
        *["fp16", "dotprod", "i8mm", "bf16", "sve", "sve2", "sme", "sme2"]
    }


@every_row
def test_facts_without_a_named_source_are_flagged_from_memory(row: dict[str, str]) -> None:
    device = device_profiles.load(row["device"])
    cited = CITED.get(row["device"], set())
    looked_up = cited - PARTLY_CITED.get(row["device"], set())
    assert set(device.from_memory) == set(device.facts) - looked_up
    assert {fact for fact in device.facts if not getattr(device.sources, fact).startswith("from_memory")} == cited


@every_row
def test_a_cited_source_is_in_the_words_of_the_table(row: dict[str, str]) -> None:
    device = device_profiles.load(row["device"])
    origin = SAME_SOURCE.get(row["device"], row["device"])
    sourced = words(" ".join(other["source"] for other in ROWS if other["device"] in (row["device"], origin)))
    for fact in CITED.get(row["device"], set()):
        clauses = getattr(device.sources, fact).split("; ")
        assert words(" ".join(clause for clause in clauses if "from_memory" not in clause)) <= sourced


def test_exactly_the_rows_that_name_no_source_cite_nothing() -> None:
    assert {row["device"] for row in ROWS if row["source"] != "from_memory"} == set(CITED)


@pytest.mark.parametrize("device", device_profiles.all_devices(), ids=lambda device: device.id)
def test_every_stated_fact_has_a_source(device: Device) -> None:
    assert set(device.facts) == set(device.sources.model_dump(exclude_none=True))


def test_blank_cells_are_absent() -> None:
    pixel = device_profiles.load("pixel8")
    assert pixel.npu is not None
    assert pixel.memory is not None
    assert (pixel.npu.tops, pixel.memory.bandwidth_gbs, pixel.os.max) == (None, None, None)
    assert not {"npu_tops", "bandwidth", "os_max"} & set(pixel.facts)
    assert "cpu_cores" not in device_profiles.load("iphone15_pro").facts
