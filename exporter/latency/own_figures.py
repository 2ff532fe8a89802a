"""What the user's own database has of a device; nothing of a database is imported where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING
from warnings import warn

from device_profiles.schema import Device
from exporter.bench.host import device as host
from exporter.errors import VitexportWarning
from latency_db import store
from latency_db.measurement import Measurement
from latency_db.operators.fit_file import Fit, read_fit
from latency_db.store.user_file import user_file

if TYPE_CHECKING:
    from latency_db.store.filters import Where


@dataclass(frozen=True)
class OwnFigures:
    """Of a device, or of all."""

    measured: tuple[Measurement, ...] = ()
    fits: tuple[Fit, ...] = ()
    """What was learned of the machine from them, for each runtime, its version and number of threads"""


def own_figures(device: Device | None = None, url: str | None = None) -> OwnFigures:
    """All that the database at `url`, by default the user's own, has of a device, or of all.

    Nothing where the user has none, or, with a warning, nothing to read it with; of "host" what this machine measured.
    Raises `StoreError` for a database that cannot be read.
    """
    if url is None and not user_file().exists():
        return OwnFigures()
    if url is None and find_spec("sqlalchemy") is None:
        warn(
            f"Your own latencies in {user_file()} were not read, as sqlalchemy is not installed: "
            "pip install 'vitexport[store]'.",
            VitexportWarning,
            stacklevel=2,
        )
        return OwnFigures()
    where: Where = {} if device is None else {"device": device.id}
    here = host.device()
    with store.open(url) as opened:
        rows = (record.measurement for record in opened.measurements(**where))
        own = tuple(row for row in rows if row.device.id != here.id or row.device == here)
    return OwnFigures(own, tuple(_fits(own, url)))


def _fits(rows: tuple[Measurement, ...], url: str | None) -> list[Fit]:
    from latency_db.store.location import beside

    folder = beside(url)
    machines = dict.fromkeys((row.device.soc, row.conditions) for row in rows)
    ran = dict.fromkeys((soc, str(had.runtime), had.runtime_version, had.threads or 0) for soc, had in machines)
    return [fit for one in ran if (fit := read_fit(folder, *one)) is not None]
