"""Where the database is, and what is said where it cannot be."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from latency_db import store
from latency_db.store.connection import engine_of
from latency_db.store.location import location
from tests.latency_db.samples import FULL

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_DATA_HOME", "data"),
        ("linux", None, ".local/share"),
        ("darwin", None, "Library/Application Support"),
        ("win32", "LOCALAPPDATA", "data"),
        ("win32", None, "AppData/Local"),
    ],
)
def test_the_users_own_is_where_the_system_keeps_data(monkeypatch, tmp_path, platform, variable, folder):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / folder))
    assert location(None).database == str(tmp_path / folder / "vitexport" / "latency.sqlite3")


def test_it_is_made_when_it_is_first_opened(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with store.open() as opened:
        opened.add([FULL])
    assert (tmp_path / "vitexport/latency.sqlite3").stat().st_size


def test_a_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(store.StoreError, match=r"no place in .*file/vitexport \(Not a directory\): pass --db URL"):
        store.open()


@pytest.mark.parametrize("url", ["latency.sqlite3", "", "sqlite://", "sqlite:///:memory:", "mysql://me@host/db"])
def test_what_is_no_url_of_a_database_that_can_be_used_is_refused(url):
    with pytest.raises(store.StoreError, match="--db takes the URL of a database"):
        store.open(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_is_reached_through_psycopg_3(scheme):
    assert location(f"{scheme}://me@host/latency").drivername == "postgresql+psycopg"


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    with pytest.raises(store.StoreError, match=r"cannot be used \(file is not a database\)"):
        store.open(f"sqlite:///{path}")
    assert path.read_text() == "not a database, " * 100


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    with pytest.raises(store.StoreError, match="cannot be used") as refused:
        store.open(f"postgresql://me:secret@/latency?host={tmp_path}")
    assert "me:***@" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_is_committed_is_on_the_disk(tmp_path):
    """SQLite's settings; PostgreSQL's are its administrator's."""
    engine = engine_of(location(f"sqlite:///{tmp_path / 'latency.sqlite3'}"))
    with engine.connect() as connection:
        settings = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
                    for name in ("journal_mode", "synchronous", "fullfsync", "foreign_keys")}  # fmt: skip
    engine.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "foreign_keys": 1}


def test_what_answers_imports_no_database_and_no_toolchain():
    package = ROOT / "latency_db"
    paths = [package / "store/__init__.py", *package.glob("*.py")]
    paths += [path for room in ("end_to_end", "operators", "published") for path in (package / room).glob("*.py")]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    assert {"latency_db.kernel", "latency_db.published.estimate", "latency_db.end_to_end.cells"} < set(modules)
    program = (
        f"import sys, importlib; [importlib.import_module(name) for name in {modules}]; "
        "sys.exit(bool({'sqlalchemy', 'alembic', 'psycopg', 'torch', 'scipy', 'exporter'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
