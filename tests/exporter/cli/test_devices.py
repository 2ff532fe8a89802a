"""`vitexport devices`: every device in a table, every fact of one with its source."""

import json

import device_profiles
from tests.exporter.cli.command_line import run


def test_the_table_has_a_row_for_every_device():
    listed = json.loads(run("devices", "--json").stdout)
    assert [device["id"] for device in listed] == device_profiles.names()
    assert len(run("devices").stdout.splitlines()) > len(listed)


def test_a_fact_from_memory_is_shown_as_such():
    line = next(line for line in run("devices", "pixel8").stdout.splitlines() if line.startswith("memory "))
    assert line.split()[1:] == ["8", "GB", "from", "memory"]
    assert "Google Tensor G3 ?" in run("devices").stdout


def test_a_device_can_be_read_by_a_program():
    assert json.loads(run("devices", "pixel8", "--json").stdout)["memory"]["gb"] == "8"
