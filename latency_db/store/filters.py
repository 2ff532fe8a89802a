"""Which measurements are asked for, as conditions of a statement and the values to run it with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Table, bindparam

from device_profiles.vocabulary import Runtime
from latency_db.measurement import NumberFormat, Quality, Source, SourceKind, Subject, SubjectKind, Unit, check_word
from latency_db.store.schema import devices, measurements, sources, subjects


class Where(TypedDict, total=False):
    """What measurements to find: those that agree with all that is said."""

    device: str
    """Its id"""
    soc: str
    subject: Subject
    kind: SubjectKind
    name: str
    """Of a model, for its graphs too; or a kind of kernels, such as "conv" """
    runtime: Runtime
    runtime_version: str
    delegate: str
    os: str
    unit: Unit
    precision: NumberFormat
    threads: int
    cores: str
    method: str
    quality: Quality
    source: Source
    source_kind: SourceKind


_WHOLE: dict[str, dict[str, ColumnElement[Any]]] = {
    "subject": {"of_subject_kind": subjects.c.kind, "of_subject_key": subjects.c.key},
    "source": {
        "of_source_kind": sources.c.kind, "of_source_reference": sources.c.reference,
        "of_source_licence": sources.c.licence,
    },
}  # fmt: skip
"""What has several columns, under names that no filter has"""
_COLUMNS: dict[str, ColumnElement[Any]] = {
    **{name: measurements.c[name] for name in Where.__annotations__ if name in measurements.c},
    "device": devices.c.device,
    "soc": devices.c.soc,
    "kind": subjects.c.kind,
    "name": subjects.c.name,
    "source_kind": sources.c.kind,
}
TABLES: dict[str, Table] = {
    **dict.fromkeys(("device", "soc"), devices),
    **dict.fromkeys(("subject", "kind", "name"), subjects),
    **dict.fromkeys(("source", "source_kind"), sources),
}
"""Of what is asked of other tables than that of measurements"""
_VOCABULARIES = {
    "kind": SubjectKind,
    "runtime": Runtime,
    "unit": Unit,
    "precision": NumberFormat,
    "quality": Quality,
    "source_kind": SourceKind,
}


def conditions(names: Iterable[str]) -> Iterator[ColumnElement[bool]]:
    """Of a statement that is given `values`."""
    for name in names:
        columns = _WHOLE[name] if name in _WHOLE else {name: _COLUMNS[name]}
        yield from (column == bindparam(bound) for bound, column in columns.items())


def values(where: Where) -> dict[str, Any]:
    """To run a statement with. Raises `ValueError` for a word that no measurement can have."""
    found = dict[str, Any]()
    for name, value in where.items():
        match value:
            case Subject(kind, key):
                found |= {"of_subject_kind": kind, "of_subject_key": key}
            case Source(kind, reference, licence):
                found |= {"of_source_kind": kind, "of_source_reference": reference, "of_source_licence": licence}
            case _:
                if name in _VOCABULARIES:
                    check_word(name, value, _VOCABULARIES[name])
                found[name] = value
    return found
