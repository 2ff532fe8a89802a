"""model ──capture──▶ graphs ──lower──▶ artefacts ──verify──▶ bundle

`export` below is that line; read it first.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from device_profiles import UnknownDevice
from device_profiles import load as load_device
from exporter import bundle, manifest, rollout
from exporter.backends import (
    Lowered,
    LowerOptions,
    all_formats,
    backend,
    installed,
    rewrites_for,
    toolchain_versions,
)
from exporter.backends.coreai import OLDEST_IOS as CORE_AI_IOS
from exporter.backends.coreml import deployment_target
from exporter.bundle import Bundle, digest, size_of, write_vectors
from exporter.errors import BackendError, UnknownDeviceError, VerificationError, VitexportError, describe
from exporter.graphs.capture import Graph
from exporter.graphs.classifier import classifier_graphs
from exporter.graphs.tracker import STATE, tracker_graphs
from exporter.images import to_input, verification_images
from exporter.manifest import Artifact, Manifest, Precision, Verification
from exporter.models.efficienttam import EfficientTAM
from exporter.models.registry import MODELS, ModelInfo, create_model, model_info
from exporter.models.weights import LoadedWeights, Model, provide_weights
from exporter.report import write_report
from exporter.verify import Arrays, verify

if TYPE_CHECKING:
    from device_profiles.schema import Device

Progress = Callable[[str, float], None]
"""Called as (what is being done, share of the whole that is done)."""

DEFAULT_MIN_IOS = 17


def export(
    model: str,
    target: str = "host",
    formats: Sequence[str] | None = None,
    precision: Precision | None = None,
    weights: str | Path = "auto",
    image_size: int | None = None,
    num_classes: int = 1000,
    min_ios: int | None = None,
    delegate: str | None = None,
    out: str | Path = ".",
    progress: Progress | None = None,
) -> Bundle:
    """Export a model for a device and return the verified bundle, written below the folder `out`.

    `formats` None takes the target's own; ["all"] every installed one that is not made on request only. `precision`
    None takes each format's default.
    `weights` is "auto", "required", "random" or the path of a checkpoint. `min_ios` is for Core ML, `delegate` for
    ExecuTorch. Raises `VitexportError` for what cannot be done, leaving nothing behind, and `VerificationError` where
    an artefact disagrees with PyTorch, leaving the evidence in NAME.failed.
    """
    plan = _plan(model, target, formats, precision, min_ios, delegate, image_size)
    step = progress or (lambda what, share: None)

    step("weights", 0.0)
    network = create_model(plan.info.name, image_size, num_classes=num_classes)
    loaded = provide_weights(network, plan.info, str(weights))
    path = Path(out) / f"{model.lower()}-{plan.device.id}{'' if loaded.trained else '-untrained'}"
    bundle.refuse_to_replace(path)
    step("capture", 0.05)
    graphs = graphs_of(network, plan.info)
    with bundle.staging(Path(out)) as folder:
        step("reference outputs", 0.1)
        recorded, sequence = _record(graphs, network, folder)
        work = [(graph, format, options) for format, options in plan.lowerings for graph in graphs]
        artifacts = []
        for index, (graph, format, options) in enumerate(work):
            step(f"{format}: lower {graph.name}", 0.15 + 0.85 * index / len(work))
            file, lowered = _lower(graph, format, options, folder)

            def verifying(done: int, count: int, what: str = f"{format}: verify {graph.name}", at: int = index) -> None:
                step(f"{what}, {done + 1} of {count}", 0.15 + 0.85 * (at + 0.8 + 0.2 * done / count) / len(work))

            verification = verify(
                format,
                folder / file,
                options.precision,
                graph.inputs,
                graph.outputs,
                *recorded[graph.name],
                verifying,
            )
            artifacts.append(_artifact(graph, format, options, folder, file, lowered, verification))
        followed = []
        if sequence is not None:
            for format, options in plan.lowerings:
                files = {a.graph: folder / a.file for a in artifacts if a.format == format and a.verification.runtime}
                if len(files) == len(graphs):
                    size, seen = network.image_size, rollout.shown(format, step)
                    followed.append(rollout.roll_out(format, options.precision, files, size, sequence, folder, seen))
        rollouts = [one.rollout for one in followed]
        contents = _manifest(model, plan, network, loaded, graphs, artifacts, sequence, rollouts, folder)
        (folder / bundle.MANIFEST).write_text(contents.model_dump_json(indent=2) + "\n")
        write_report(folder, contents, plan.device, {one.rollout.format: one.masks for one in followed})
        failures = [
            f"{a.format} {a.graph}: {a.verification.detail}" for a in artifacts if a.verification.status == "failed"
        ]
        failures += [f"{one.format}: {one.detail}" for one in rollouts if one.status == "failed"]
        path = path.with_name(f"{path.name}.failed") if failures else path
        bundle.publish(folder, path)
    step("done", 1.0)
    if failures:
        explain = f"`vitexport verify {path} --explain` says where the agreement ends"
        raise VerificationError(f"{'; '.join(failures)}. The evidence is in {path}; {explain}.")
    return Bundle.open(path)


@dataclass(frozen=True)
class _Plan:
    """Everything that can be settled, or refused, before the work begins."""

    info: ModelInfo
    device: Device
    lowerings: tuple[tuple[str, LowerOptions], ...]
    """(format, options), in the order they are made."""
    warnings: tuple[str, ...]


def _plan(
    model: str,
    target: str,
    formats: Sequence[str] | None,
    precision: Precision | None,
    min_ios: int | None,
    delegate: str | None,
    image_size: int | None = None,
) -> _Plan:
    try:
        device = load_device(target)
    except UnknownDevice as error:
        raise UnknownDeviceError(str(error)) from None
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
        min_ios = max(DEFAULT_MIN_IOS, device.os.launch_major) if device.platform == "ios" else DEFAULT_MIN_IOS
    elif "coreml" not in wanted and delegate != "coreml":
        raise BackendError("--min-os is for Core ML programs: add --format coreml.")
    deployment_target(min_ios)
    lowerings = tuple((name, _options(name, wanted, precision, min_ios, delegate)) for name in wanted)
    return _Plan(info, device, lowerings, warnings)


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


def graphs_of(network: Model, info: ModelInfo) -> tuple[Graph, ...]:
    """The graphs that a model is cut into."""
    if isinstance(network, EfficientTAM):
        return tracker_graphs(network, info.family.mean, info.family.std)
    return classifier_graphs(network, info)


def _record(
    graphs: Sequence[Graph], network: Model, folder: Path
) -> tuple[dict[str, tuple[Arrays, Arrays]], manifest.Sequence | None]:
    """What the eager model makes of each graph's inputs, written as vectors; for a tracker, of a sequence too."""
    if isinstance(network, EfficientTAM):
        return rollout.record(tuple(graphs), network, folder)
    return {graph.name: _record_pictures(graph, network.image_size, folder) for graph in graphs}, None


def _record_pictures(graph: Graph, image_size: int, folder: Path) -> tuple[Arrays, Arrays]:
    """Run the eager model on the verification pictures; keep both sides as the graph's conformance vectors."""
    (image,) = graph.inputs
    pictures = [to_input(pixels) for pixels in verification_images(image_size)]
    with torch.inference_mode():
        results = [graph.module(torch.from_numpy(picture)) for picture in pictures]
    inputs = {image.name: np.stack(pictures)}
    outputs = {spec.name: np.stack([result[spec.name].numpy() for result in results]) for spec in graph.outputs}
    write_vectors(folder / _vectors(graph), {image.name: inputs[image.name].astype(np.uint8)}, outputs)
    return inputs, outputs


def _vectors(graph: Graph) -> str:
    return f"vectors/{graph.name}.safetensors"


def _lower(graph: Graph, format: str, options: LowerOptions, folder: Path) -> tuple[str, Lowered]:
    """Write a graph in a format; returns the file's name in the bundle and what the backend knows about it."""
    module = backend(format)
    file = f"{format}/{graph.name}.{module.EXTENSION}"
    (folder / format).mkdir(exist_ok=True)
    try:
        return file, module.lower(graph, folder / file, options)
    except (VitexportError, OSError):
        raise
    except Exception as error:  # whatever a toolchain throws
        raise BackendError(
            f"{format} cannot lower {graph.name} ({describe(error)}); --verbose shows what its toolchain says."
        ) from error


def _artifact(
    graph: Graph,
    format: str,
    options: LowerOptions,
    folder: Path,
    file: str,
    lowered: Lowered,
    verification: Verification,
) -> Artifact:
    return Artifact(
        format=format,
        graph=graph.name,
        file=file,
        sha256=digest(folder / file),
        bytes=size_of(folder / file),
        precision=options.precision,
        toolchain=toolchain_versions(backend(format), options.delegate),
        min_os=lowered.min_os,
        compute_units=lowered.compute_units,
        inputs=lowered.inputs or graph.inputs,
        outputs=graph.outputs,
        rewrites=rewrites_for(options, backend(format).REWRITES),
        operators=lowered.operators,
        delegation=lowered.delegation,
        verification=verification,
    )


def _manifest(
    typed_name: str,
    plan: _Plan,
    network: Model,
    loaded: LoadedWeights,
    graphs: Sequence[Graph],
    artifacts: Sequence[Artifact],
    sequence: manifest.Sequence | None,
    rollouts: Sequence[manifest.Rollout],
    folder: Path,
) -> Manifest:
    info, family = plan.info, plan.info.family
    warnings = list(plan.warnings)
    if not loaded.trained:
        warnings.append("UNTRAINED: the weights are seeded, so the outputs mean nothing.")
    if loaded.resized:
        warnings.append(
            f"{len(loaded.resized)} attention-bias tables were interpolated to {network.image_size} pixels from a "
            "checkpoint for another image size; its accuracy at this size was not measured."
        )
    elif loaded.trained_at not in (None, network.image_size):
        warnings.append(f"The weights were trained at {loaded.trained_at} pixels, and this is {network.image_size}.")
    return Manifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        provenance={
            "vitexport": metadata.version("vitexport"),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "host": f"{platform.system()} {platform.machine()}",
        },
        model=manifest.Model(
            typed_name=typed_name,
            name=info.name,
            family=family.name,
            paper=family.paper,
            image_size=network.image_size,
            num_classes=None if isinstance(network, EfficientTAM) else network.num_classes,
            parameters=sum(parameter.numel() for parameter in network.parameters()),
        ),
        weights=manifest.Weights(
            kind=loaded.kind,
            source=loaded.source,
            sha256=loaded.sha256,
            trained=loaded.trained,
            trained_at=loaded.trained_at,
        ),
        target=manifest.Target(id=plan.device.id, name=plan.device.name, platform=plan.device.platform),
        preprocessing=manifest.Preprocessing(
            resize="shorter_side_then_center_crop" if family.crop_pct else "square",
            crop_pct=family.crop_pct,
            interpolation=family.interpolation,
        ),
        formats=tuple(format for format, _ in plan.lowerings),
        graphs=tuple(
            manifest.Graph(
                name=graph.name,
                inputs=graph.inputs,
                outputs=graph.outputs,
                vectors=_vectors(graph),
                vectors_sha256=digest(folder / _vectors(graph)),
            )
            for graph in graphs
        ),
        artifacts=tuple(artifacts),
        state={f"next_{name}": name for name in STATE} if sequence else {},
        sequence=sequence,
        rollouts=tuple(rollouts),
        warnings=tuple(warnings),
    )
