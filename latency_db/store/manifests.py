"""Manifests of bundles and kernel packs that were posted, by the SHA-256 that results name them by."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Engine, bindparam, insert, select

from latency_db.kept_manifests import Kind
from latency_db.store.connection import in_sentences, writing
from latency_db.store.schema import manifests


class Manifests:
    """Those of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, kind: Kind, content: bytes, token: str) -> bool:
        """Whether it is new; `token` is the name of who posts it."""
        sha256 = hashlib.sha256(content).hexdigest()
        with in_sentences(self._engine), writing(self._engine) as connection:
            if connection.execute(select(manifests.c.sha256).where(manifests.c.sha256 == sha256)).first():
                return False
            row = {"sha256": sha256, "kind": kind, "content": content, "token": token, "added_at": datetime.now(UTC)}
            connection.execute(insert(manifests).values(row))
        return True

    def content(self, kind: Kind, sha256: str) -> bytes | None:
        """The bytes of one; None where nobody posted it."""
        with in_sentences(self._engine), self._engine.connect() as connection:
            return connection.execute(_CONTENT, {"of_sha256": sha256, "of_kind": kind}).scalar()


_CONTENT = select(manifests.c.content).where(
    manifests.c.sha256 == bindparam("of_sha256"), manifests.c.kind == bindparam("of_kind")
)
