"""Estimates what a workload takes on a device: methods are asked in turn, and the first that knows anything answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import device_profiles
from device_profiles.browser import RUNS, meant, split_name
from device_profiles.platforms import APPLES, runs
from device_profiles.vocabulary import Runtime
from latency_db.end_to_end.cells import shipped
from latency_db.estimator.alike import STAND_INS, from_alike_device
from latency_db.estimator.anchors import from_anchor_kernels, from_anchor_models
from latency_db.estimator.estimate import Estimate, NoEstimate
from latency_db.estimator.exact import from_measurements, from_shipped_models
from latency_db.estimator.kernel_sums import from_own_table, from_shipped_table
from latency_db.estimator.published import from_published_rows, from_regression, from_sister_device, rows_of_model
from latency_db.estimator.question import HOST, Question, question
from latency_db.estimator.rooflines import from_roofline
from latency_db.estimator.workload import Workload
from latency_db.measurement import Conditions, Measurement, Unit
from latency_db.operators.fit_file import Fit
from latency_db.published.coreml_regression import line_of

METHODS: tuple[Callable[[Question], Estimate | None], ...] = (
    from_measurements,
    from_shipped_models,
    from_shipped_table,
    from_own_table,
    from_roofline,
    from_anchor_kernels,
    from_anchor_models,
    from_published_rows,
    from_sister_device,
    from_regression,
    from_alike_device,
)
"""In the order in which they are asked. Kernels are summed before a whole graph's features are priced: over the ten
GPUs that have both, families left out, they err by 0.7 to 5.2 % at the median, and features by 6 to 12 %; under Metal
alone it is 14 against 12 %, and there features are priced (`Overhead.beats_roofline`)."""

OF_FP32: Collection[Callable[[Question], Estimate | None]] = {
    from_shipped_models,
    from_shipped_table,
    from_roofline,
    from_anchor_kernels,
    from_anchor_models,
    from_alike_device,
}
"""Methods that know no fp16: their tables of fp32 answer for it (`rooflines.cell_precision`)."""

_OF_THE_MODEL = (from_measurements, from_own_table, from_published_rows, from_sister_device)
"""Methods that some devices and runtimes have an answer by, and others not"""

_EXPORTED: tuple[tuple[Runtime, Unit], ...] = (
    *(("coreml", "all"), ("tflite", "npu"), ("tflite", "gpu"), ("tflite", "cpu"), ("onnx", "npu"), ("onnx", "gpu")),
    *(("onnx", "cpu"), ("executorch", "cpu"), ("coreai", "all")),
)
"""Runtimes that files are exported for, with units that they run on"""

_BROWSERS_TABLE = (
    "its table is made by a pack of `vitexport bench --pack PACK.zip --target browser`, run there in the web app of "
    "`vitexport serve app --https --pack PACK.zip`, and `vitexport latency import RESULT.json`"
)


def estimate(
    workload: Workload,
    device: str,
    conditions: Conditions,
    measured: Sequence[Measurement] = (),
    fits: Sequence[Fit] = (),
) -> Estimate:
    """What a workload takes on a device: ms, the interval that holds nine times in ten, and where they come from.

    `measured` are rows of a store, those of other devices and conditions too; `fits` what was learned of the machines
    that they are of. Raises `NoEstimate`, which names what there is, where nothing is known, `ValueError` for
    conditions without a runtime or with threads and cores that the device lacks, and `device_profiles.UnknownDevice`.
    """
    asked = question(workload, device, conditions, measured, fits)
    for method in METHODS:
        if found := method(asked):
            return _finished(found, asked, by_fp32=method in OF_FP32 and asked.precision == "fp16")
    raise NoEstimate(_refusal(asked, _ways(asked, measured, fits)))


def _finished(found: Estimate, asked: Question, by_fp32: bool) -> Estimate:
    """With what was assumed, and every published row."""
    note = "; fp16 answered by fp32" if by_fp32 else ""
    assumed = f" ({', '.join(asked.assumed)}, as nothing else was said)" if asked.assumed else ""
    return replace(found, reason=found.reason + note + assumed, rows=found.rows or rows_of_model(asked))


def _refusal(asked: Question, ways: Sequence[str]) -> str:
    """`ways` to run the workload on the device of which something is known, in words"""
    there_is = f"ask for {', '.join(ways)}" if ways else ""
    either = f"{there_is}, or " if ways else ""
    if asked.device == HOST:
        much = "too little" if asked.rows else "nothing"
        words = f"{much} was measured on this machine under {asked.runtime} on the {asked.unit} in {asked.precision}"
        return f"{words}: {either}run `vitexport bench --kernels` first"
    unit = "" if asked.unit == "all" else f" on the {asked.unit}"
    words = f"nothing is known of {asked.runtime}{unit} of {asked.device} in {asked.precision}"
    if (browser := split_name(asked.device)) is not None:
        return _refusal_of_browser(asked, browser, unit, words, f"{there_is}; " if ways else "")
    if not runs(asked.runtime, device_profiles.load(asked.device).platform):
        return f"{APPLES[asked.runtime]} runs on Apple systems only: {there_is}"
    by = "the app that docs/apps_ios.md describes" if asked.runtime == "coreai" else "`vitexport bench --pack`"
    return f"{words}: {either}measure there with {by}"


def _refusal_of_browser(asked: Question, browser: tuple[str, str], unit: str, words: str, ask: str) -> str:
    if asked.unit not in RUNS.get(asked.runtime, ()):
        ways = ", or ".join(f"{runtime} on the {' or '.join(units)}" for runtime, units in RUNS.items())
        return f"no browser runs {asked.runtime}{unit}: ask for {ways}"
    kind, on = browser
    if not on:
        example = f"{'chrome' if kind == 'browser' else kind}_on_pixel8"
        return f"{words}: name browser and device, such as {example}; {ask}{_BROWSERS_TABLE}"
    other = meant(asked.device)
    return f"{words}: {f'name {other}, if that was meant; ' if other else ''}{ask}{_BROWSERS_TABLE}"


def _ways(asked: Question, measured: Sequence[Measurement], fits: Sequence[Fit]) -> list[str]:
    """Runtimes with units, in words, of which a device has an answer for the workload, those on the same unit first."""
    of_model = []
    for runtime, unit in _EXPORTED:
        other = question(asked.workload, asked.device, Conditions(runtime, unit, None), measured, fits)
        if (runtime, unit) != (asked.runtime, asked.unit) and any(method(other) for method in _OF_THE_MODEL):
            of_model.append(runtime if unit == "all" else f"{runtime} on {unit}")
    of_any = [] if asked.device == HOST or split_name(asked.device) else answering(asked.device)
    return sorted(dict.fromkeys([*of_model, *of_any]), key=lambda way: not way.endswith(f" on {asked.unit}"))


def answering(device: str) -> list[str]:
    """Runtimes with units, in words, of which a device has an answer for every graph with nothing measured on it."""
    timed = sorted({f"{cell.runtime} on {cell.unit}" for cell in shipped().cells})
    standing_in = [f"{runtime} on cpu" for runtime in STAND_INS]
    return [*(["coreml in fp16"] if line_of(device) else []), *standing_in, *timed]
