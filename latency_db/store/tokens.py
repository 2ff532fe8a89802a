"""Who may post: tokens by their names. The database has a token's SHA-256, and nobody has the token but its holder."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, bindparam, insert, select, update

from latency_db.store.connection import in_sentences, writing
from latency_db.store.errors import StoreError
from latency_db.store.schema import tokens

_PREFIX = "vitexport_"
"""By which programs that look for secrets in code know one"""
_BYTES = 32
"""So many that are random cannot be guessed from their hash, so that it needs no salt and no slow function."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")


@dataclass(frozen=True)
class Token:
    """What is known of one."""

    name: str
    added_at: datetime
    revoked_at: datetime | None


class Tokens:
    """Those of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str) -> str:
        """A new token, which is told this once. Raises `StoreError` for a name that is taken, or is none."""
        if not _NAME.fullmatch(name):
            raise StoreError(
                f"{name[:64]!r} is no token's name: take up to 64 letters, digits, spaces and ._@-, such as ci-pixel8."
            )
        token = _PREFIX + secrets.token_urlsafe(_BYTES)
        with in_sentences(self._engine), writing(self._engine) as connection:
            if connection.execute(select(tokens.c.name).where(tokens.c.name == name)).first():
                raise StoreError(f"There is, or was, a token {name}: take another name.")
            connection.execute(
                insert(tokens).values(name=name, sha256=_sha256(token), added_at=datetime.now(UTC), revoked_at=None)
            )
        return token

    def revoke(self, name: str) -> None:
        """From now on it opens nothing. Raises `StoreError` where no token has this name."""
        with in_sentences(self._engine), writing(self._engine) as connection:
            valid = (tokens.c.name == name) & tokens.c.revoked_at.is_(None)
            if connection.execute(update(tokens).where(valid).values(revoked_at=datetime.now(UTC))).rowcount == 0:
                raise StoreError(
                    f"No valid token is called {name}: `vitexport serve token list` names those there are."
                )

    def holder(self, token: str) -> str | None:
        """The name of a token; None where there is none such, or it was revoked."""
        with in_sentences(self._engine), self._engine.connect() as connection:
            return connection.execute(_HOLDER, {"of_sha256": _sha256(token)}).scalar()

    def __iter__(self) -> Iterator[Token]:
        query = select(tokens.c.name, tokens.c.added_at, tokens.c.revoked_at).order_by(tokens.c.added_at)
        with in_sentences(self._engine), self._engine.connect() as connection:
            found = connection.execute(query).all()
        return (Token(*row) for row in found)


_HOLDER = select(tokens.c.name).where(tokens.c.sha256 == bindparam("of_sha256"), tokens.c.revoked_at.is_(None))


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
