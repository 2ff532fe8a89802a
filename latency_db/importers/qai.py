"""Qualcomm's published latencies: the `perf.yaml` files inside a `qai_hub_models` wheel (BSD-3-Clause).

Each holds `precisions: PRECISION: components: COMPONENT: performance_metrics: DEVICE: RUNTIME:` with
`inference_time_milliseconds`, `primary_compute_unit`, `job_id`, `job_status` and `tool_versions`. Needs the extra
`import`, which brings pyyaml.

One job is listed for several devices: the same job of another device is imported once, for a Galaxy where one has it,
for the device named first else; the rest are suspect, with a note that says whose it is.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from device_profiles.vocabulary import Runtime
from latency_db.importers.devices import device
from latency_db.importers.refusal import ImportRefused, refused
from latency_db.measurement import Conditions, Latency, Measurement, NumberFormat, Source, Subject, Unit
from latency_db.packs import UNREADABLE

if TYPE_CHECKING:
    from yaml import Node

LICENCE = "BSD-3-Clause"
REPEATED: Final = "repeats another device's job"

_PERF = re.compile(r"qai_hub_models/models/(?P<model>[^/]+)/perf\.yaml")
RUNTIMES: dict[str, Runtime] = {
    "onnx": "onnx",
    "precompiled_qnn_onnx": "onnx",
    "qnn_context_binary": "qnn",
    "qnn_dlc": "qnn",
    "tflite": "tflite",
}
"""Of others, which run language models and speech, we have no word."""
_NUMBER_FORMATS: dict[str, NumberFormat] = {
    "w4a8": "w4a8",
    "w4a16": "w4a16",
    "w8a8": "int8",
    "w8a16": "w8a16",
    "w16a16": "w16a16",
}
"""Any "mixed_..." is mixed; a "float" graph is one that nobody quantised, in what precision it ran is not stated."""


@dataclass(frozen=True)
class _Listed:
    """A measurement with the job that it comes from."""

    job: str
    measurement: Measurement


def read(path: Path) -> Iterator[Measurement]:
    """The measurements of every passed job in a wheel. Raises `ImportRefused`."""
    try:
        with zipfile.ZipFile(path) as wheel:
            members = [(found["model"], name) for name in wheel.namelist() if (found := _PERF.fullmatch(name))]
            files = [(model, name, wheel.read(name)) for model, name in members]
    except UNREADABLE:
        raise ImportRefused(path, None, "it is no wheel, or not a whole one: a wheel is a zip archive") from None
    if not files:
        raise ImportRefused(path, None, "there is no qai_hub_models/models/*/perf.yaml in it")
    release = path.name.removesuffix(".whl").removeprefix("qai_hub_models-").split("-")[0]
    listed = [one for model, name, file in files for one in _of_model(f"{path} {name}", file.decode(), model, release)]
    return _each_job_once(listed)


def owners(listed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Job -> id of the device that it is held to have run on, of all (job, id) that are listed: a Galaxy where one is,
    else the device named first. Lines without a job, "", are each its own device's."""
    owner: dict[str, str] = {}
    for job, device_id in sorted(listed, key=lambda one: not one[1].startswith("galaxy_")):
        if job:
            owner.setdefault(job, device_id)
    return owner


def _each_job_once(listed: list[_Listed]) -> Iterator[Measurement]:
    """All of them; where a job is listed for several devices, every one but its own says whose it is."""
    owner = owners((one.job, one.measurement.device.id) for one in listed)
    for job, measurement in ((one.job, one.measurement) for one in listed):
        own = owner.get(job, measurement.device.id)
        if own == measurement.device.id:
            yield measurement
        else:
            note = "; ".join(filter(None, (f"{REPEATED} ({own})", measurement.note)))
            yield replace(measurement, quality="suspect", note=note)


def _of_model(place: str, text: str, model: str, release: str) -> Iterator[_Listed]:
    import yaml

    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ImportRefused(place, line, f"it is no YAML: {error.problem}") from None
    except yaml.YAMLError as error:  # of characters that no YAML has
        raise ImportRefused(place, None, f"it is no YAML: {str(error).splitlines()[0]}") from None
    if root is None or "precisions" not in (top := _mapping(place, root)):
        raise ImportRefused(place, 1, "it has no 'precisions', as releases from 0.28 on have")
    for precision, of_precision in _mapping(place, top["precisions"]).items():
        for component, of_component in _below(place, of_precision, "components").items():
            for name, of_device in _below(place, of_component, "performance_metrics").items():
                for runtime, node in _mapping(place, of_device).items():
                    stated = _mapping(place, node)
                    if "inference_time_milliseconds" not in stated or _text(stated, "job_status") not in ("", "Passed"):
                        continue  # a language model, measured in tokens, or a job that failed
                    subject = model if component in ("", model) else f"{model}/{component}"
                    job = _text(stated, "job_id")
                    reference = f"qai_hub_models {release}, {model}, job {job}"
                    yield _Listed(job, _measurement(place, stated, subject, precision, name, runtime, reference))


def _measurement(
    place: str, stated: Mapping[str, Node], subject: str, precision: str, name: str, runtime: str, reference: str
) -> Measurement:
    node = stated["inference_time_milliseconds"]
    line = node.start_mark.line + 1
    tools = _mapping(place, stated["tool_versions"]) if "tool_versions" in stated else {}
    try:
        latency = Latency(figure=float(node.value))  # of which statistic, no file says
    except (TypeError, ValueError):
        raise ImportRefused(place, line, f"inference_time_milliseconds is {node.value!r}, no latency") from None
    unit: dict[str, Unit] = {"CPU": "cpu", "GPU": "gpu", "NPU": "npu"}
    number_format = "mixed" if "mixed" in precision else _NUMBER_FORMATS.get(precision)
    with refused(place, line):
        return Measurement(
            device=device(name),
            subject=Subject.of_model(subject),
            conditions=Conditions(
                runtime=RUNTIMES.get(runtime),
                unit=unit.get(_text(stated, "primary_compute_unit")),
                precision=number_format,
                runtime_version=";".join(f"{tool}={_text(tools, tool)}" for tool in sorted(tools)),
                method=f"Qualcomm AI Hub, {runtime}",
            ),
            latency=latency,
            source=Source("published", reference, LICENCE),
            note="" if precision == number_format else f"precision: {precision}",
        )


def _mapping(place: str, node: Node) -> dict[str, Any]:
    """Key -> node of a mapping. Raises `ImportRefused`."""
    if node.id != "mapping" or any(key.id != "scalar" for key, _ in node.value):
        raise ImportRefused(place, node.start_mark.line + 1, "a mapping is expected here")
    return {key.value: value for key, value in node.value}


def _below(place: str, node: Node, name: str) -> dict[str, Any]:
    """The mapping that a mapping has under a name; empty where it has none."""
    found = _mapping(place, node)
    return _mapping(place, found[name]) if name in found else {}


def _text(stated: Mapping[str, Node], name: str) -> str:
    return str(stated[name].value) if name in stated else ""
