"""Published rows that a database has, in the form of those that are shipped."""

from __future__ import annotations

from latency_db.measurement import Measurement
from latency_db.published.rows import PublishedRow


def as_published(row: Measurement) -> PublishedRow:
    """A measurement of a whole model whose source is a publication."""
    had, size = row.conditions, row.subject.image_size
    suspect = row.quality == "suspect"
    return PublishedRow(
        model=row.subject.name,
        published_as=row.subject.key,
        size=size[0] if size else None,
        precision=had.precision or "",
        device=row.device.id,
        os=had.os,
        runtime=had.runtime or "",
        backend=had.delegate,
        runtime_version=had.runtime_version,
        unit=had.unit or "",
        ms=row.latency.ms,
        gmacs=None,
        params_m=None,
        reference=row.source.reference,
        licence=row.source.licence,
        note=row.note,
        flag="suspect" if suspect else "",
        flag_reason=row.note if suspect else "",
    )
