"""Shipped tables are the same bytes whenever they are made, and read as what was written."""

import gzip

from latency_db.shipped_tables import compressed, read_lines


def test_the_same_lines_give_the_same_bytes():
    lines = [("a key", 1, 2.5), ("another", None, 3.0)]
    assert compressed(("key", "n", "us"), lines) == compressed(("key", "n", "us"), iter(lines))
    assert gzip.decompress(compressed(("key", "n", "us"), lines)) == b"key,n,us\na key,1,2.5\nanother,,3.0\n"


def test_what_was_written_is_read_by_its_columns(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(compressed(("key", "us"), [("a, key", 2.5)]))
    assert list(read_lines(tmp_path / "a.csv.gz")) == [{"key": "a, key", "us": "2.5"}]
