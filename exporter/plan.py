"""What an export will do: the model, the device, and the formats with their options.

Everything that can be settled, or refused, before the work begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from device_profiles import UnknownDevice
from device_profiles import load as load_device
from device_profiles.schema import Device
from exporter.backends import LowerOptions, all_formats, backend, installed, toolchain_versions
from exporter.backends.coreai import OLDEST_IOS as CORE_AI_IOS
from exporter.backends.coreml import deployment_target
from exporter.errors import BackendError, UnknownDeviceError
from exporter.manifest import Precision
from exporter.models.registry import MODELS, ModelInfo, model_info

DEFAULT_MIN_IOS = 17


@dataclass(frozen=True)
class Plan:
    """Everything that can be settled, or refused, before the work begins."""

    info: ModelInfo
    device: Device
    min_ios: int
    """Oldest iOS that the target's users may have"""
    lowerings: tuple[tuple[str, LowerOptions], ...]
    """(format, options), in the order they are made."""
    warnings: tuple[str, ...]


def plan(
    model: str,
    target: str,
    formats: Sequence[str] | None,
    precision: Precision | None,
    min_ios: int | None,
    delegate: str | None,
    image_size: int | None = None,
) -> Plan:
    """Raises `VitexportError` for what cannot be done; see `exporter.pipeline.export` for what is asked."""
    device = device_of(target)
    info = _resolved(model_info(model), device, image_size)
    wanted, warnings = _formats(formats, device)
    if info.name != model.lower():
        warnings += (f"{model} is exported as {info.name}, for a phone's sake: --image-size 1024 keeps the large one.",)
    if delegate == "coreml" and device.platform not in ("ios", "host"):
        raise BackendError(f"ExecuTorch's Core ML delegate runs on Apple systems only, not on {device.name}.")
    if "coreai" in wanted:
        _refuse_without_core_ai(device)
    if delegate is not None and "executorch" not in wanted:
        raise BackendError("--delegate chooses among ExecuTorch's delegates: add --format executorch.")
    if min_ios is None:
        min_ios = oldest_ios(device)
    elif "coreml" not in wanted and delegate != "coreml":
        raise BackendError("--min-os is for Core ML programs: add --format coreml.")
    deployment_target(min_ios)
    lowerings = tuple((name, _options(name, wanted, precision, min_ios, delegate)) for name in wanted)
    return Plan(info, device, min_ios, lowerings, warnings)


def device_of(target: str) -> Device:
    """The profile of a device; raises `UnknownDeviceError`."""
    try:
        return load_device(target)
    except UnknownDevice as error:
        raise UnknownDeviceError(str(error)) from None


def oldest_ios(device: Device) -> int:
    """The oldest that a device's users may have: what it was launched with, if we support nothing older."""
    return max(DEFAULT_MIN_IOS, device.os.launch_major) if device.platform == "ios" else DEFAULT_MIN_IOS


def _refuse_without_core_ai(device: Device) -> None:
    """Raise `BackendError` for a device that never runs Core AI."""
    if device.platform not in ("ios", "host"):
        raise BackendError(f"Core AI runs on Apple systems only, not on {device.name}: leave --format coreai out.")
    newest = device.os.max_major
    if device.platform == "ios" and newest is not None and newest < CORE_AI_IOS:
        systems = f"Core AI needs iOS {CORE_AI_IOS}, and the newest for {device.name} is {device.os.max}"
        raise BackendError(f"{systems}: take --format coreml.")


def _resolved(info: ModelInfo, device: Device, image_size: int | None) -> ModelInfo:
    """The model that a name means on a device: trackers without a size get the small one of theirs on phones.

    80.6 ms a frame instead of 1010.8 on an iPhone 15 Pro Max (arXiv 2411.18933, tables 1 and 5).
    """
    small = f"{info.name}_512x512"
    if info.family.task == "track" and image_size is None and device.platform in ("ios", "android") and small in MODELS:
        return model_info(small)
    return info


def _formats(formats: Sequence[str] | None, device: Device) -> tuple[list[str], tuple[str, ...]]:
    """The formats to make, and warnings about those left out; raises `BackendError` if none is left."""
    asked = [formats] if isinstance(formats, str) else list(device.prefer.formats if formats is None else formats)
    by_name = [name for name in asked if name != "all"]
    if "all" in asked:
        by_name = [*(name for name in all_formats() if installed(backend(name))), *by_name]
    # Only what the target would get by default may be left out; what is asked for by name and missing is an error.
    left_out = [name for name in by_name if not installed(backend(name))] if formats is None else []
    wanted = [name for name in dict.fromkeys(by_name) if name not in left_out]
    if not wanted:
        raise BackendError("There is no format to make: name one that `vitexport formats` lists as installed.")
    return wanted, tuple(
        f"{name} was left out: pip install 'vitexport[{backend(name).EXTRA}]' adds it." for name in left_out
    )


def _options(
    format: str, wanted: list[str], precision: Precision | None, min_ios: int, delegate: str | None
) -> LowerOptions:
    """What to ask of a format; raises `BackendError` for what it does not offer."""
    module = backend(format)
    if precision is not None and precision not in module.PRECISIONS:
        able = [name for name in wanted if precision in backend(name).PRECISIONS]
        advice = f"keep {precision} for --format {able[0]}" if able else "leave --precision out"
        raise BackendError(f"{format} offers {' and '.join(module.PRECISIONS)} here, not {precision}: {advice}.")
    chosen = delegate if module.DELEGATES else None
    if chosen is not None and chosen not in module.DELEGATES:
        raise BackendError(f"{format} has the delegates {' and '.join(module.DELEGATES)}, not {chosen!r}.")
    toolchain_versions(module, chosen)
    return LowerOptions(precision or module.PRECISIONS[0], min_ios, chosen)
