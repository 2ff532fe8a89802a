"""`vitexport models`: the registry, for people and for programs."""

import json

from tests.exporter.cli.command_line import run


def test_the_table_has_a_row_for_every_model():
    models = json.loads(run("models", "--json").stdout)
    assert len(models) == 30
    assert models[0]["hub_id"] == "timm/efficientformer_l1.snap_dist_in1k"
    assert len(run("models").stdout.splitlines()) > 29


def test_a_pattern_is_a_part_of_the_name_or_has_wildcards():
    for pattern in ("mobilevitv2", "mobilevitv2_*"):
        assert len(json.loads(run("models", pattern, "--json").stdout)) == 7
