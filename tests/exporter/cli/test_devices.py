"""`vitexport devices`: every device in a table, every fact of one with its source."""

import json
import re

import device_profiles
from tests.exporter.cli.command_line import run


def test_the_table_has_a_row_for_every_device_and_one_for_browsers():
    expected = [*device_profiles.names(), "browser"]
    listed = json.loads(run("devices", "--json").stdout)
    assert [device["id"] for device in listed] == expected
    starts = [line.split()[0] for line in run("devices").stdout.splitlines() if line]
    assert sorted(start for start in starts if start in expected) == sorted(expected)


def test_a_row_fits_80_columns():
    rows = [line.rstrip() for line in run("devices").stdout.splitlines() if line.startswith(("galaxy", "iphone"))]
    assert 60 < max(map(len, rows)) <= 80


def test_devices_stand_under_what_an_export_for_them_makes():
    made = ""
    for line in run("devices").stdout.splitlines():
        made = line if line.startswith("An export makes") else made
        if line.startswith(("iphone15 ", "pixel8 ", "iphone7 ", "browser ")):
            device = device_profiles.load(line.split()[0])
            formats = re.sub(r" \(.*\)", "", made).removeprefix("An export makes ").removesuffix(":")
            assert tuple(formats.split(", ")) == device.prefer.formats
            assert (
                f"{device.prefer.formats[0]} ({device.prefer.precision}, for the {device.prefer.compute_unit})" in made
            )


def test_of_a_browser_no_cores_are_shown():
    shown = run("devices", "chrome_on_pixel8").stdout
    assert "instruction set" in shown
    assert "core" not in shown


def test_a_fact_from_memory_is_shown_as_such():
    line = next(line for line in run("devices", "galaxy_a03s").stdout.splitlines() if line.startswith("operating "))
    assert line.split()[-2:] == ["from", "memory"]
    assert "Android 11 ?" in run("devices").stdout


def test_few_facts_of_the_table_are_from_memory():
    assert run("devices").stdout.count(" ?") <= 3


def test_a_source_is_shown_as_it_is_written():
    assert "qai_hub_models" in run("devices", "galaxy_s22").stdout


def test_a_device_can_be_read_by_a_program():
    assert json.loads(run("devices", "pixel8", "--json").stdout)["memory"]["gb"] == "8"
