"""The shipped tables of published rows: what is in them, what is flagged, and under which names."""

from collections import Counter
from dataclasses import replace

import exporter
from latency_db.published.rows import PublishedRow, find, published_rows
from latency_db.shipped_tables import rows_of, table_bytes

ROWS = published_rows()


def test_every_row_names_its_source_and_licence():
    assert all(row.reference and row.licence and row.device and row.ms > 0 for row in ROWS)


def test_every_flag_has_its_reason():
    assert all(bool(row.flag) == bool(row.flag_reason) for row in ROWS)


def test_the_ten_rows_of_fallback_are_flagged_and_no_other():
    found = Counter((row.reference.split(" Table")[0], row.device) for row in ROWS if row.flag == "fallback")
    assert found == {("arXiv 2403.19967", "iphone13"): 10}


def test_a_fallback_row_is_shown_beside_the_one_that_is_believed():
    fast, slow = find("mobilenetv3_large_075", device="iphone13", size=224)
    assert (fast.ms, fast.usable) == (0.67, True)
    assert (slow.ms, slow.flag, slow.usable) == (10.9, "fallback", False)
    assert "arXiv 2501.15369" in slow.flag_reason


def test_a_figure_that_a_document_prints_twice_counts_once():
    once, again = find("efficienttam_s", device="iphone15_pro_max", size=1024)
    assert (once.ms, once.flag) == (1010.8, "")
    assert (again.ms, again.flag) == (1010.8, "stands twice")


def test_wrong_multiply_accumulates_are_replaced_with_the_printed_ones_in_the_reason():
    (row,) = find("deit_tiny_patch16_224")
    assert (row.gmacs, row.flag) == (1.25, "wrong GMACs")
    assert "printed as 3.8" in row.flag_reason
    assert row.usable


def test_models_of_the_registry_stand_under_its_names():
    registered = set(exporter.list_models())
    published = {row.model for row in ROWS} & registered
    assert {
        "efficientformer_l1",
        "efficientformerv2_s0",
        "mobilevit_s",
        "mobilevitv2_100",
        "efficienttam_s_512x512",
    } <= published
    spelt_otherwise = {
        row.model for row in ROWS if row.model.startswith(("efficientformer", "mobilevit", "efficienttam"))
    }
    assert spelt_otherwise - registered == {"efficienttam_s/2", "efficienttam_ti/2"}  # _1 or _2: the paper does not say


def test_the_same_model_in_three_sources_is_found_at_once():
    rows = find("efficientformerv2_s1", device="iphone12", size=224)
    assert len({row.reference for row in rows}) == 2
    assert find("efficientformerv2_s1", device="iphone12", size=512) == []


def test_qualcomms_jobs_of_other_devices_are_not_carried():
    qualcomm = [row for row in ROWS if row.reference.startswith("qai_hub_models")]
    jobs = Counter(row.reference for row in qualcomm)
    assert {row.device for row in qualcomm} == {f"galaxy_s{n}" for n in (22, 23, 24, 25, 26)}
    assert set(jobs.values()) == {1}


def test_tables_are_the_same_bytes_for_the_same_rows():
    some = ROWS[:50]
    assert table_bytes(some, PublishedRow) == table_bytes(list(some), PublishedRow)
    assert rows_of(table_bytes(some, PublishedRow), PublishedRow) == some
    assert table_bytes([replace(some[0], ms=1.0)], PublishedRow) != table_bytes(some[:1], PublishedRow)
