"""The service in a process of its own, as a user starts it, and a client for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VITEXPORT = str(Path(sys.executable).parent / "vitexport")
SECONDS = 60
"""Longer than any answer takes, on a machine that has other work"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A running service."""

    base: str
    process: subprocess.Popen[str]
    log: Path
    """What it has written to stderr"""

    def ask(
        self,
        path: str,
        body: bytes | object | None = None,
        *,
        token: str | None = None,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, whatever its status; a body that is no bytes goes as JSON."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if content is not None else {}
        sent |= {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.base + path, content, {**sent, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())


@contextmanager
def served(url: str, *options: str) -> Iterator[Served]:
    """`vitexport serve` over the database at a URL, on a free port."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        environment = {name: value for name, value in os.environ.items() if name != "VITEXPORT_DB"}
        with log.open("w") as errors:
            process = subprocess.Popen(
                [VITEXPORT, "serve", "--db", url, "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment | {"XDG_DATA_HOME": folder},
            )
            try:
                yield Served(_address(process, log), process, log)
            finally:
                process.terminate()
                process.communicate(timeout=SECONDS)


@contextmanager
def serving(url: str) -> Iterator[str]:
    """The address of a service over the database at a URL."""
    with served(url) as running:
        yield running.base


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Once it listens."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0].replace("localhost", "127.0.0.1")
    raise AssertionError(f"the service did not start: {log.read_text()}")


def token(url: str, name: str = "tests") -> str:
    """A new one, made as a user makes it."""
    done = subprocess.run(
        [VITEXPORT, "serve", "token", "add", name, "--db", url], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
