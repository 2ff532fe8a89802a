"""A running service for a file's tests, over a database of its own, with a token and a bundle that it knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.latency_db.service.results import CONTENT
from tests.latency_db.service.serving import Served, served, token


@dataclass(frozen=True)
class Service:
    served: Served
    token: str
    url: str
    """Of the database"""

    def ask(self, path, body=None, **how):
        return self.served.ask(path, body, **how)

    def post(self, body, path="/v1/measurements"):
        return self.served.ask(path, body, token=self.token)


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> str:
    folder: Path = tmp_path_factory.mktemp("service")
    return f"sqlite:///{folder}/latency.sqlite3"


@pytest.fixture(scope="module")
def service(database) -> Iterator[Service]:
    opens = token(database)
    with served(database) as running:
        assert running.ask("/v1/manifests", CONTENT, token=opens).status == 201
        yield Service(running, opens, database)
