"""What went wrong, as RFC 9457 has it: `application/problem+json`."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"
NOTHING_KNOWN = "/problems/nothing-known"


class Problem(Exception):
    """An answer that is no success."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        type: str = "about:blank",
        errors: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        """`type` is a path under /problems/ where a program may want to tell this one from others of its status."""
        super().__init__(detail)
        self.status, self.detail, self.type = status, detail, type
        self.errors, self.headers = errors, headers or {}

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON."""
        errors = {"errors": list(self.errors)} if self.errors else {}
        title = HTTPStatus(self.status).phrase
        return {"type": self.type, "title": title, "status": self.status, "detail": self.detail} | errors
