"""What several questions have in common: their parameters, and how an answer is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from device_profiles.vocabulary import Runtime
from latency_db.estimator.estimate import NoEstimate
from latency_db.measurement import Conditions, NumberFormat, Unit
from latency_db.service.documents import ProblemDocument
from latency_db.service.estimates import Estimates
from latency_db.service.kept import Kept
from latency_db.service.problems import MEDIA_TYPE, NOTHING_KNOWN, Problem
from latency_db.store.errors import TakesLonger
from latency_db.store.store import Store

T = TypeVar("T")

_NAME = {"min_length": 1, "max_length": 200, "pattern": r"^[ -~]+$"}
ModelName = Annotated[str, Query(description="Its id, of /v1/models", examples=["efficientformer_l1"], **_NAME)]
DeviceName = Annotated[str, Query(description="An id or a name, of /v1/devices", examples=["pixel8"], **_NAME)]
Size = Annotated[int, Query(description="The side of the image in pixels", ge=1, le=8192)]
Threads = Annotated[int, Query(description="Of the CPU", ge=1, le=1024)]
Cores = Annotated[
    str,
    Query(
        description="Of the CPU, by number and kind, as in the answers; without any those that the runtime takes",
        examples=["1large1med"], max_length=40, pattern=r"^[a-z0-9]*$",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Service:
    """What answers are made from, and the threads that make them: who waits for one takes none from others."""

    store: Store
    estimates: Estimates
    answers: Kept[bytes]
    """Whole answers, by all that they depend on"""
    estimating: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """The thread for estimates that are made anew"""
    pricing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """That for kernels that are no model's, and for results that are only checked and take longer"""
    computing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """That for advice and comparisons, which take seconds"""
    looking: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    """Those for rows that are few among many"""
    posting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """That for posts that have to wait, of which the database takes one at a time"""

    def at_once(self) -> Service:
        """The same for one answer that cannot wait: what has to raises `TakesLonger`."""
        return replace(self, store=self._store_at_once, estimates=self.estimates.at_once())

    @cached_property
    def _store_at_once(self) -> Store:
        return self.store.at_once()

    async def short(self, make: Callable[..., T], *given: Any) -> T:
        """What asks the database for little that is found in an index. A file never makes readers wait, and to wake a
        thread takes as long as to read; a server may."""
        return make(*given) if self.store.kind == "sqlite" else await to_thread.run_sync(make, *given)

    async def estimated(self, make: Callable[..., T], *given: Any) -> T:
        """What `make` makes of a service and its estimates: at once where these are kept, else in their thread."""
        try:
            return await self.short(make, self.at_once(), *given)
        except TakesLonger:
            return await self.in_thread(self.estimating, make, self, *given)

    async def soon(self, limiter: CapacityLimiter, make: Callable[..., T], *given: Any) -> T:
        """What `make` makes of a service: over a file at once, where that takes a moment; else in a thread."""
        if self.store.kind == "sqlite":
            with suppress(TakesLonger):
                return make(self.at_once(), *given)
        return await self.in_thread(limiter, make, self, *given)

    async def in_thread(self, limiter: CapacityLimiter, make: Callable[..., T], *given: Any) -> T:
        """What takes longer, as soon as there is a thread."""
        return await to_thread.run_sync(make, *given, limiter=limiter)


async def service(request: Request) -> Service:
    """That of the application which a request came to. FastAPI gives what is not `async` to a thread, which takes
    longer than this does."""
    return request.app.state.service


Asked = Annotated[Service, Depends(service)]
"""A parameter of what answers"""


async def stated(
    runtime: Runtime | None = None,
    unit: Unit | None = None,
    precision: NumberFormat | None = None,
    threads: Threads | None = None,
    cores: Cores = "",
) -> Conditions:
    """Conditions as a query has them. Raises `Problem` for such as cannot be."""
    with refused():
        return Conditions(runtime, unit, precision, threads=threads, cores=cores)


@contextmanager
def refused() -> Iterator[None]:
    """`Problem` in place of what estimates raise."""
    try:
        yield
    except NoEstimate as nothing:
        raise Problem(422, _sentence(nothing), type=NOTHING_KNOWN) from None
    except ValueError as error:
        raise Problem(422, _sentence(error)) from None


def _sentence(error: ValueError) -> str:
    text = str(error).removesuffix(".")
    return f"{text[:1].upper()}{text[1:]}."


def sent(document: BaseModel, status: int = 200) -> Response:
    """A document as an answer, which FastAPI sends as it is."""
    return Response(document.model_dump_json(), status, media_type="application/json")


def kept(of: Service, key: tuple[Any, ...], make: Callable[[], BaseModel]) -> Response:
    """An answer that was made before, or is made now."""
    content = of.answers.value(key, lambda: make().model_dump_json().encode())
    return Response(content, media_type="application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What may go wrong, for the OpenAPI document."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {status: {"description": "Problem", "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}
