"""New databases of both kinds: a test that takes `url` runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest

from tests.postgres_server import DEBIAN, running_server
from tests.system_programs import require


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A server that syncs nothing: tests end processes, not machines."""
    with running_server(require("initdb", DEBIAN), "fsync=off") as url:
        yield url


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The URL of a database that nobody has opened yet, by its kind."""
    numbers = count()

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('store')}/latency.sqlite3"
        server, name = request.getfixturevalue("server"), f"test_{next(numbers)}"
        with psycopg.connect(server.replace("/?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.replace("/?", f"/{name}?")

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    return new_database(request.param)
