"""Files to import, and how they are refused."""

from pathlib import Path

import pytest

from latency_db.importers.reading import read_file
from latency_db.importers.refusal import ImportRefused


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refusal(kind: str, path: Path) -> ImportRefused:
    with pytest.raises(ImportRefused) as raised:
        read_file(kind, path)
    assert str(raised.value).count("\n") == 0
    assert str(path) in str(raised.value)
    return raised.value
