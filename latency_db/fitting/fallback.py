"""Finds rows of a model that ran on another compute unit than it was meant for, and says why it is held to have.

Proven where another document has the same model, phone and size several times faster. A document with a proven row is
then searched for others that are far slower than the regression over all other documents says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from latency_db.published.coreml_regression import CoreMLRegression, training_rows
from latency_db.published.rows import PublishedRow

PROVEN = 5.0
"""Times slower than the same model, phone and size elsewhere. Sources that agree do so within 1.25; the two that do not
are 12 to 16 apart."""
SUSPECT = 3.0
"""Times slower than the regression says, in a document that has a proven row. Errors of the regression reach 2.4."""


def flag_fallback(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """The rows, those flagged that are held to have fallen back to a slower unit, each with its reason."""
    proven = [_proven(row, rows) for row in rows]
    guilty = {(row.document, row.device) for row in proven if row.flag == "fallback"}
    usable = [(timed, row) for timed, row in training_rows(proven) if (row.document, row.device) not in guilty]
    model = CoreMLRegression.fit([timed for timed, _ in usable], [row.ms for _, row in usable])
    suspects = {
        id(row): row.ms / float(np.exp(model.predict([timed])[0][0]))
        for timed, row in training_rows(proven)
        if (row.document, row.device) in guilty
    }
    return [_suspect(row, suspects.get(id(row), 1.0)) for row in proven]


def _proven(row: PublishedRow, rows: Sequence[PublishedRow]) -> PublishedRow:
    if row.runtime != "coreml" or row.flag:
        return row
    same = [
        other
        for other in rows
        if (other.model, other.device, other.size, other.runtime) == (row.model, row.device, row.size, row.runtime)
        and other.document != row.document
    ]
    fastest = min(same, key=lambda other: other.ms, default=row)
    if row.ms < PROVEN * fastest.ms:
        return row
    reason = f"{row.ms / fastest.ms:.0f} times the {fastest.ms:g} ms of {fastest.reference}, same model, phone and size"
    return replace(row, flag="fallback", flag_reason=reason)


def _suspect(row: PublishedRow, times: float) -> PublishedRow:
    if times < SUSPECT:
        return row
    reason = f"{times:.1f} times what models in other documents make likely, in a document with proven fallback rows"
    return replace(row, flag="fallback", flag_reason=reason)
