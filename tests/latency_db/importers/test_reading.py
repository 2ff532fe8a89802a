"""Files of latencies that users have, read whole or refused in a sentence."""

from pathlib import Path

import pytest

from latency_db.importers.reading import READERS, read_file
from latency_db.importers.refusal import ImportRefused
from tests.latency_db.bundles import bundle_at
from tests.latency_db.importers.files import refusal, written

CSV = """subject,device,runtime,p50_ms,reference,licence
mobilevit_s,pixel8,tflite,38.1,my notebook,CC0-1.0
x,pixel8,tflite,nan,here,MIT
"""


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_is_not_there_is_refused(kind, tmp_path):
    assert "no such file" in refusal(kind, tmp_path / "absent").reason


@pytest.mark.parametrize("kind", sorted(READERS.keys() - {"mlperf"}))
def test_a_folder_is_refused_where_a_file_is_meant(kind, tmp_path):
    assert refusal(kind, tmp_path).reason == "it cannot be read (Is a directory)"


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"nonsense\n1,2\n", b"{}"])
def test_what_is_no_such_file_is_refused(kind, content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    refusal(kind, path)


def test_a_kind_that_nothing_reads_is_refused_with_those_that_something_does(tmp_path):
    with pytest.raises(ValueError, match="name one of app, csv, mlperf, mobile-ml-benchmark, qai"):
        read_file("excel", tmp_path)


def test_nothing_of_a_file_is_handed_on_when_its_last_line_is_bad(tmp_path):
    kept = []
    with pytest.raises(ImportRefused):
        kept += read_file("csv", written(tmp_path / "a.csv", CSV))
    assert not kept


def test_the_example_in_the_documentation_can_be_imported(tmp_path):
    page = (Path(__file__).parents[3] / "docs/latency_import.md").read_text()
    assert len(read_file("csv", written(tmp_path / "a.csv", page.split("```csv\n")[1].split("```")[0]))) == 1
    result = page.split("```json\n")[1].split("```")[0].replace("…64 digits…", bundle_at(tmp_path / "bundle"))
    assert len(read_file("app", written(tmp_path / "a.json", result))) == 2
