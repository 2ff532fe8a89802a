"""A database of a fleet: many measurements of registered models and their kernels, on phones that have a profile."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

import device_profiles
from device_profiles.schema import Device as Profile
from device_profiles.vocabulary import Runtime
from latency_db import store
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Device, Latency, Measurement, NumberFormat, Source, Subject, Unit
from latency_db.registered import shipped_index

DEVICES = 30
KERNELS = 2_000
"""Of a runtime, those that models run most: as many as a kernel pack may have"""
_AT_ONCE = 50_000
_WAYS: dict[str, tuple[tuple[Runtime, Unit, NumberFormat], ...]] = {
    "android": (("tflite", "cpu", "fp32"), ("tflite", "gpu", "fp32"), ("executorch", "cpu", "fp32")),
    "ios": (("coreml", "npu", "fp16"), ("coreml", "cpu", "fp16"), ("executorch", "cpu", "fp32")),
}
"""Of a platform: runtime, unit, precision"""
_VERSIONS: dict[Runtime, str] = {"tflite": "2.18", "coreml": "", "executorch": "1.4"}
_SYSTEMS = {"android": "Android 15", "ios": "iOS 18.1"}
_MACS_PER_MS = {"cpu": 2e7, "gpu": 1e8, "npu": 5e8}
"""Of a phone of middling speed"""
_START_MS = 0.005
"""That a kernel takes whatever it has to do"""
_SOURCES = (
    [Source("reported", f"app 1.{minor}, {minor:012x}.json", "the user's own") for minor in range(12)]
    + [Source("measured", f"vitexport 0.1.0 ({minor:08x})", "MIT") for minor in range(2)]
    + [Source("published", "arXiv 2603.01234 Table 3", "CC-BY-4.0")]
)
_QUALITIES = (None, None, None, None, None, "good", "good", "busy", "drifting", "suspect")
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Timed:
    """Something that can be timed, and what a phone of middling speed takes for it."""

    subject: Subject
    ms: float


def phones() -> list[Profile]:
    """On which everything was measured, Android and iOS in turns."""
    all_of = {
        platform: [one for one in device_profiles.all_devices() if one.platform == platform] for platform in _WAYS
    }
    pairs = zip(*all_of.values(), strict=False)
    return [one for pair in pairs for one in pair][:DEVICES]


def fill(url: str, number: int, seed: int = 0) -> None:
    """Bring a database up to so many measurements."""
    with store.open(url) as opened:
        newest = opened.pages.newest(1)
        missing = number - (newest[0]["id"] if newest else 0)
        made = _measurements(random.Random(seed))
        while missing > 0:
            opened.add(next(made) for _ in range(min(missing, _AT_ONCE)))
            missing -= _AT_ONCE
        if opened.kind == "postgresql":  # which does so by itself within minutes, while it is timed
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")


def _measurements(draw: random.Random) -> Iterator[Measurement]:
    """Without an end; one in five is of a graph."""
    timed = {way[:2]: _timed(*way[:2]) for ways in _WAYS.values() for way in ways}
    ran_on = [(Device(one.id, one.soc), str(one.platform), draw.uniform(0.4, 2.5)) for one in phones()]
    conditions = {
        (platform, way): Conditions(*way, _VERSIONS[way[0]], os=_SYSTEMS[platform], method="app")
        for platform, ways in _WAYS.items()
        for way in ways
    }
    while True:
        device, platform, slowness = draw.choice(ran_on)
        way = draw.choice(_WAYS[platform])
        kernels, graphs = timed[way[:2]]
        one = draw.choice(graphs if draw.random() < 0.2 else kernels)
        p50 = one.ms * slowness * draw.lognormvariate(0, 0.1)
        yield Measurement(
            device,
            one.subject,
            conditions[platform, way],
            Latency(p50, p50 * 1.1, p50 * 1.3, p50 * 1.02, p50 * 0.05, n=50, warmup=5),
            draw.choice(_SOURCES),
            quality=draw.choice(_QUALITIES),
            measured_at=_BEGAN + timedelta(seconds=draw.randrange(25_000_000)),
        )


def _timed(runtime: Runtime, unit: Unit) -> tuple[list[_Timed], list[_Timed]]:
    """The kernels that models run most, and the graphs of all models."""
    uses, graphs, index = Counter[Kernel](), list[_Timed](), shipped_index()
    for model, size in index.models:
        for name, kernels in index.workload(model, size, runtime, str(unit)).graphs.items():
            uses.update(kernels)
            ms = sum(_ms(kernel, unit) for kernel in kernels)
            graphs.append(_Timed(Subject.of_graph(model, name, (size, size)), ms))
    kernels = [_Timed(Subject.of_kernel(kernel), _ms(kernel, unit)) for kernel, _ in uses.most_common(KERNELS)]
    return kernels, graphs


def _ms(kernel: Kernel, unit: Unit) -> float:
    return _START_MS + kernel.macs / _MACS_PER_MS[unit]
