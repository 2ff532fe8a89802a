"""Every published latency of a model beside an estimate: those that are shipped, and those that the user imported."""

from __future__ import annotations

from exporter.latency.own_figures import own_figures
from exporter.latency.refusals import as_mistakes
from latency_db.published.imported import as_published
from latency_db.published.rows import PublishedRow, find
from latency_db.registered import shipped_index


def published(model: str, url: str | None = None) -> tuple[PublishedRow, ...]:
    """Rows of a registered model, under any of its names, on any device and at any size.

    `url` is that of the user's database. Raises `LatencyError` where that cannot be read.
    """
    names = shipped_index().published_names(model)
    with as_mistakes():
        own = own_figures(url=url).measured
    imported = (row for row in own if row.source.kind == "published" and row.subject.kind == "model")
    return (
        *(row for name in names for row in find(name)),
        *(as_published(row) for row in imported if row.subject.name in names),
    )
