"""What an export will do: the model, the device, and the variants with their options.

Everything is here that can be settled, or refused, before the work begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from device_profiles import UnknownDevice
from device_profiles import load as load_device
from device_profiles.browser import RUNS, meant
from device_profiles.platforms import APPLES, runs
from device_profiles.schema import Device
from device_profiles.vocabulary import Precision
from exporter.backends import FORMATS, all_formats, backend, installed, toolchain_versions
from exporter.backends.coreai import OLDEST_IOS as CORE_AI_IOS
from exporter.backends.coreml import DEPLOYMENT_TARGETS, deployment_target
from exporter.backends.executorch import OLDEST_IOS as EXECUTORCH_IOS
from exporter.backends.interface import LowerOptions
from exporter.budgets import CLASSES, IMAGE_SIZE, WEIGHTS_FILE, WORKERS
from exporter.errors import BackendError, ImageError, InputShapeError, UnknownDeviceError, VitexportError, WeightsError
from exporter.manifest import Variant
from exporter.models.registry import MODELS, ModelInfo, model_info
from exporter.paths import check_input, check_name
from exporter.quantise.methods import Ranges
from exporter.quantise.scheme import Scheme
from exporter.verify.verdict import listed

DEFAULT_MIN_IOS = 17
LEAST_SQNR = 25.0
"""dB that mixed precision keeps, if nothing else is asked: noise of a twentieth of the signal"""
NEWEST_IOS = CORE_AI_IOS
"""The newest that was announced when this was written."""

_KEEPING_UP = {"ios": "a phone", "android": "a phone", "browser": "a browser"}
"""Platform that keeps up with a camera only by small models -> what it is"""


@dataclass(frozen=True)
class ExportRequest:
    """What a user asks of an export."""

    model: str
    target: str = "host"
    formats: Sequence[str] | None = None
    """None takes the target's own; ["all"] every installed one that runs there, but those made on request only."""
    precision: Precision | Sequence[Precision] | None = None
    """None takes each format's default; of several, each format is made in every one that it offers."""
    weights: str | Path = "auto"
    """"auto", "required", "random" or the path of a checkpoint."""
    image_size: int | None = None
    """Side in pixels; None takes what the weights were trained at."""
    num_classes: int | None = None
    """Classes of a classifier's head; None takes as many as the weights have."""
    min_ios: int | None = None
    """Oldest iOS major version that a Core ML program must load on."""
    delegate: str | None = None
    """ExecuTorch's delegate; None takes XNNPACK."""
    out: str | Path = "."
    """The folder that the bundle's folder is made in."""
    workers: int | None = None
    """Processes that lower and verify side by side; None takes as many as cores, memory and containers allow."""
    weights_key: str | None = None
    """Which weights of a checkpoint that holds several, as where it has them, parts joined by dots; None takes those
    that fit and, of two that do, the average over training."""
    task: Literal["classify", "multilabel"] | None = None
    """"multilabel" judges each class by itself; None takes the family's."""
    calibration: str | Path | None = None
    """A folder of pictures that ranges of activations are read off; None takes sample pictures."""
    ranges: Ranges | None = None
    """How those of activations are found; None takes what suits the format"""
    least_sqnr: float | None = None
    """dB that mixed precision keeps, if it can; None takes `LEAST_SQNR`"""

    @classmethod
    def of(cls, model: str | ExportRequest, *settings: Any, **named: Any) -> ExportRequest:
        """A request made of a model's name and the fields after it, or a whole one with other fields, given by name."""
        if isinstance(model, ExportRequest):
            if settings:
                raise TypeError("Beside a whole request, settings are passed by name.")
            return replace(model, **named)
        return cls(model, *settings, **named)

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """The precisions that were asked for, each once; none at all where each format's default will do."""
        asked = self.precision
        return () if asked is None else (asked,) if isinstance(asked, str) else tuple(dict.fromkeys(asked))


@dataclass(frozen=True)
class Plan:
    """An export as it will be carried out."""

    request: ExportRequest
    info: ModelInfo
    device: Device
    min_ios: int
    """Oldest iOS that the target's users may have"""
    lowerings: dict[Variant, LowerOptions]
    """In the order in which they were asked for."""
    warnings: tuple[str, ...]

    @property
    def least_sqnr(self) -> float:
        """dB that mixed precision keeps, if it can."""
        return LEAST_SQNR if self.request.least_sqnr is None else self.request.least_sqnr

    @property
    def compared_with(self) -> dict[Variant, Variant]:
        """Each variant of fewer bits, and that of the format's full precision."""
        return {
            one: replace(one, precision=format.full_precision)
            for one in self.lowerings
            if one.precision in (format := backend(one.format)).schemes
        }

    @property
    def calibrated(self) -> dict[Variant, Scheme]:
        """Each variant that is made by what values activations take, and how."""
        schemes = {one: backend(one.format).scheme(options) for one, options in self.lowerings.items()}
        return {one: scheme for one, scheme in schemes.items() if scheme is not None and scheme.calibrated}

    def bundle_name(self, trained: bool) -> str:
        """Name of the bundle's folder: model and target, and whatever makes it another than the default one."""
        request, size = self.request, self.request.image_size
        parts = [request.model.lower() if self.info.checkpoint is None else self.info.name, self.device.id]
        usual = resolved(model_info(request.model), self.device, None)
        if size is not None and (size, self.info) != (usual.image_size, usual):
            parts.append(f"{size}px")
        if any(variant.precision != backend(variant.format).precisions[0] for variant in self.lowerings):
            parts += dict.fromkeys(variant.precision for variant in self.lowerings)
        parts += dict.fromkeys(
            f"{variant.delegate}-delegate"
            for variant in self.lowerings
            if variant.delegate not in (None, backend(variant.format).default_delegate)
        )
        parts += [] if request.ranges is None else [request.ranges]
        return "-".join([*parts, *([] if trained else ["untrained"])])

    def folder_of(self, variant: Variant) -> str:
        """The folder in the bundle that holds a variant's artefacts: its format, and whatever is not the default."""
        format = backend(variant.format)
        parts = [variant.format]
        if variant.precision != format.precisions[0]:
            parts.append(variant.precision)
        if variant.delegate not in (None, format.default_delegate):
            parts.append(f"{variant.delegate}-delegate")
        return "-".join(parts)


def plan(request: ExportRequest) -> Plan:
    """Settle what is asked; raises `VitexportError` for what cannot be done."""
    device = device_of(request.target)
    _refuse_misplaced(request)
    named = model_info(request.model)
    info = resolved(named, device, request.image_size)
    formats, warnings = _formats(request.formats, device)
    if request.formats is None:
        formats, unfit = _offering(formats, request.precisions)
        warnings += unfit
    delegate, min_ios = request.delegate, request.min_ios
    if info is not named:
        warnings += (
            f"{request.model} is exported as {info.name}, for the sake of {_KEEPING_UP[device.platform]}: "
            "--image-size 1024 keeps the large one.",
        )
    if device.platform == "browser" and (other := meant(device.id)) is not None:
        warnings += (f"{device.id} is known by its name alone: take --target {other}, if that was meant.",)
    if delegate == "coreml" and not runs("coreml", device.platform):
        raise BackendError(
            f"ExecuTorch's Core ML delegate runs on Apple systems only, not on {device.name}: take --delegate xnnpack."
        )
    if "coreai" in formats:
        _refuse_older_system(device, "Core AI", CORE_AI_IOS)
    if "coreml" in formats or delegate == "coreml":
        _refuse_older_system(device, "Core ML", DEPLOYMENT_TARGETS[0])
    if "executorch" in formats:
        _refuse_older_system(device, "ExecuTorch", EXECUTORCH_IOS)
    if delegate is not None and "executorch" not in formats:
        raise BackendError("--delegate chooses among ExecuTorch's delegates: add --format executorch.")
    if min_ios is None:
        min_ios = oldest_ios(device)
    elif "coreml" not in formats and delegate != "coreml":
        raise BackendError("--min-os is for Core ML programs: add --format coreml.")
    else:
        _refuse_unreached(min_ios, device)
    deployment_target(min_ios)
    lowerings = {
        Variant(name, precision, chosen): LowerOptions(precision, min_ios, chosen)
        for name in formats
        for chosen in [_delegate(name, delegate)]
        for precision in _precisions(name, formats, request.precisions)
    }
    made = Plan(request, info, device, min_ios, lowerings, warnings)
    _refuse_without_effect(request, made)
    return made


def _refuse_without_effect(request: ExportRequest, made: Plan) -> None:
    """Raise `VitexportError` for what is asked of fewer bits where there are none, or that they cannot have."""
    if (request.calibration, request.ranges) != (None, None) and not made.calibrated:
        raise BackendError("--calibration and --ranges are for ranges of activations: add --precision int8.")
    if request.ranges not in (None, *get_args(Ranges)):
        raise BackendError(f"--ranges is {listed(get_args(Ranges))}, not {request.ranges!r}.")
    if request.calibration is not None and not Path(request.calibration).is_dir():
        raise ImageError(f"--calibration {request.calibration} is no folder: pass one with pictures.")
    if request.least_sqnr is not None and not any(one.precision == "mixed" for one in made.lowerings):
        raise BackendError("--least-sqnr is for mixed precision: add --precision mixed.")
    for variant in made.compared_with:
        if variant.delegate == "coreml":
            raise BackendError(f"{variant.precision} is for XNNPACK: take --delegate xnnpack, or --format coreml.")
        since = backend(variant.format).since.get(variant.precision, 0)
        if made.min_ios < since:
            raise BackendError(f"{variant.format} has {variant.precision} from iOS {since} on: pass --min-os {since}.")


def _refuse_misplaced(request: ExportRequest) -> None:
    """Raise `VitexportError` for what is asked of a model, or of weights, that have no such thing."""
    family = model_info(request.model).family
    if family.task != "classify" and (request.task, request.num_classes) != (None, None):
        raise InputShapeError(f"{request.model} is no classifier: leave --task and --num-classes out.")
    CLASSES.check_option(request.num_classes, InputShapeError)
    IMAGE_SIZE.check_option(request.image_size, InputShapeError)
    WORKERS.check_option(request.workers, VitexportError)
    if str(request.weights) not in ("auto", "required", "random"):
        check_name(request.weights, WeightsError)
        check_input(request.weights, WeightsError, WEIGHTS_FILE)
    elif request.weights_key is not None:
        raise WeightsError("--weights-key chooses among the weights in a file: pass --weights FILE.")


def device_of(target: str) -> Device:
    """The profile of a device; raises `UnknownDeviceError`."""
    try:
        return load_device(target)
    except UnknownDevice as error:
        raise UnknownDeviceError(str(error)) from None


def oldest_ios(device: Device) -> int:
    """The oldest that a device's users may have: what it was launched with, if we support nothing older."""
    return max(DEFAULT_MIN_IOS, device.os.launch_major) if device.platform == "ios" else DEFAULT_MIN_IOS


def _refuse_unreached(min_ios: int, device: Device) -> None:
    """Raise `BackendError` for an iOS that is newer than any, or than any that an iPhone gets."""
    newest = device.os.max_major if device.platform == "ios" else None
    if min_ios > (newest or NEWEST_IOS):
        known = f"the newest iOS that {f'{device.name} gets' if newest else 'there is'}"
        raise BackendError(f"--min-os {min_ios} is newer than {known}: pass {newest or NEWEST_IOS} or an older one.")


def _refuse_what_never_runs(format: str, device: Device) -> None:
    """Raise `BackendError` for a format that nothing on a device's platform runs."""
    if runs(format, device.platform):
        return
    if device.platform == "browser":
        raise BackendError(f"No browser runs {format}: pass {' or '.join(f'--format {one}' for one in RUNS)}.")
    raise BackendError(
        f"{APPLES[format]} runs on Apple systems only, not on {device.name}: leave --format {format} out."
    )


def _refuse_older_system(device: Device, runtime: str, oldest: int) -> None:
    """Raise `BackendError` for an iPhone whose newest iOS is older than what a runtime's files are made for."""
    newest = device.os.max_major
    if device.platform == "ios" and newest is not None and newest < oldest:
        systems = f"{runtime} needs iOS {oldest}, and the newest for {device.name} is {device.os.max}"
        raise BackendError(f"{systems}: take --format {device.prefer.formats[0]}.")


def resolved(info: ModelInfo, device: Device, image_size: int | None) -> ModelInfo:
    """The model that a name means on a device: without a size, trackers for phones and browsers are their small ones.

    80.6 ms a frame instead of 1010.8 on an iPhone 15 Pro Max (arXiv 2411.18933, tables 1 and 5).
    """
    small = f"{info.name}_512x512"
    if info.family.task == "track" and image_size is None and device.platform in _KEEPING_UP and small in MODELS:
        return model_info(small)
    return info


def _formats(formats: Sequence[str] | None, device: Device) -> tuple[list[str], tuple[str, ...]]:
    """The formats to make, and warnings about those left out; raises `BackendError` if none is left."""
    asked = [formats] if isinstance(formats, str) else list(device.prefer.formats if formats is None else formats)
    by_name = [name for name in asked if name != "all"]
    for name in by_name:
        _refuse_what_never_runs(backend(name).name, device)
    if "all" in asked:
        able = [name for name in all_formats() if runs(name, device.platform) and installed(backend(name))]
        by_name = [*able, *by_name]
    # Only what the target would get by default may be left out; what is asked for by name and missing is an error.
    left_out = [name for name in by_name if not installed(backend(name))] if formats is None else []
    wanted = [name for name in dict.fromkeys(by_name) if name not in left_out]
    if not wanted and not any(installed(backend(name)) for name in FORMATS):
        raise BackendError("No toolchain is installed: pip install 'vitexport[all]'.")
    if not wanted:
        raise BackendError("There is no format to make: name one that `vitexport formats` lists as installed.")
    return wanted, tuple(
        f"{name} was left out: pip install 'vitexport[{backend(name).extra}]' adds it." for name in left_out
    )


def _offering(formats: list[str], asked: Sequence[Precision]) -> tuple[list[str], tuple[str, ...]]:
    """Of the formats that a target would get by default, those in one of the precisions; warnings about the others.

    All of them where none has any: then that is refused.
    """
    fit = [name for name in formats if not asked or set(asked) & set(backend(name).precisions)]
    return fit or formats, tuple(
        f"{name} was left out: it offers {listed(backend(name).precisions)}, and none of these was asked for."
        for name in formats
        if fit and name not in fit
    )


def _precisions(name: str, formats: Sequence[str], asked: Sequence[Precision]) -> list[Precision]:
    """Those of the precisions asked for that a format is made in.

    Raises `BackendError` where it offers none of them, or none of the formats offers one of them.
    """
    format = backend(name)
    if not asked:
        return [format.precisions[0]]
    for precision in asked:
        if not any(precision in backend(other).precisions for other in formats) or (
            not set(asked) & set(format.precisions)
        ):
            able = [other for other in formats if precision in backend(other).precisions]
            advice = f"keep {precision} for --format {able[0]}" if able else f"leave --precision {precision} out"
            raise BackendError(f"{name} offers {listed(format.precisions)} here, not {precision}: {advice}.")
    return [precision for precision in asked if precision in format.precisions]


def _delegate(name: str, asked: str | None) -> str | None:
    """The delegate of a format; raises `BackendError` for one that it does not have, or that is not installed."""
    format = backend(name)
    chosen = asked if asked is not None and format.delegates else format.default_delegate
    if chosen is not None and chosen not in format.delegates:
        raise BackendError(f"{name} has the delegates {' and '.join(format.delegates)}, not {chosen!r}.")
    toolchain_versions(format, chosen)
    return chosen
