"""model ──capture──▶ graphs ──lower──▶ artefacts ──verify, lint──▶ bundle

`export` below is that line; read it first.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np
import torch

from exporter import bundle, lint, manifest, rollout
from exporter.backends import Lowered, LowerOptions, backend, rewrites_for, toolchain_versions
from exporter.bundle import Bundle, digest, size_of, write_vectors
from exporter.errors import BackendError, VerificationError, VitexportError, describe
from exporter.graphs.capture import Graph
from exporter.graphs.classifier import classifier_graphs
from exporter.graphs.tracker import STATE, tracker_graphs
from exporter.images import to_input, verification_images
from exporter.lint.subject import of_artifact, of_program
from exporter.manifest import Artifact, Manifest, Precision, Verification
from exporter.models.efficienttam import EfficientTAM
from exporter.models.registry import ModelInfo, create_model
from exporter.models.weights import LoadedWeights, Model, provide_weights
from exporter.plan import Plan, plan
from exporter.report import write_report
from exporter.verify import Arrays, verify

Progress = Callable[[str, float], None]
"""Called as (what is being done, share of the whole that is done)."""


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
    planned = plan(model, target, formats, precision, min_ios, delegate, image_size)
    step = progress or (lambda what, share: None)

    step("weights", 0.0)
    network = create_model(planned.info.name, image_size, num_classes=num_classes)
    loaded = provide_weights(network, planned.info, str(weights))
    path = Path(out) / f"{model.lower()}-{planned.device.id}{'' if loaded.trained else '-untrained'}"
    bundle.refuse_to_replace(path)
    step("capture", 0.05)
    graphs = graphs_of(network, planned.info)
    with bundle.staging(Path(out)) as folder:
        step("reference outputs", 0.1)
        recorded, sequence = _record(graphs, network, folder)
        work = [(graph, format, options) for format, options in planned.lowerings for graph in graphs]
        artifacts = []
        for index, (graph, format, options) in enumerate(work):
            part = _part(step, 0.15 + 0.85 * index / len(work), 0.85 / len(work))
            part(f"{format}: lower {graph.name}", 0.0)
            file, lowered = _lower(graph, format, options, folder)
            verifying = _counted(part, f"{format}: verify {graph.name}")
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
        findings = _lint(graphs, planned, artifacts, folder)
        followed = []
        if sequence is not None:
            for format, options in planned.lowerings:
                files = {a.graph: folder / a.file for a in artifacts if a.format == format and a.verification.runtime}
                if len(files) == len(graphs):
                    size, seen = network.image_size, rollout.shown(format, step)
                    followed.append(rollout.roll_out(format, options.precision, files, size, sequence, folder, seen))
        rollouts = [one.rollout for one in followed]
        contents = _manifest(model, planned, network, loaded, graphs, artifacts, sequence, rollouts, findings, folder)
        (folder / bundle.MANIFEST).write_text(contents.model_dump_json(indent=2) + "\n")
        write_report(folder, contents, planned.device, {one.rollout.format: one.masks for one in followed})
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


def _part(step: Progress, start: float, width: float) -> Progress:
    """The progress of a piece of the work, as part of the whole."""
    return lambda what, share: step(what, start + share * width)


def _counted(step: Progress, what: str) -> Callable[[int, int], None]:
    """The progress of a verification, which is the last fifth of what its artefact takes."""
    return lambda done, count: step(f"{what}, {done + 1} of {count}", 0.8 + 0.2 * done / count)


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


def _lint(
    graphs: Sequence[Graph], planned: Plan, artifacts: Sequence[Artifact], folder: Path
) -> tuple[manifest.Finding, ...]:
    """What the rules find in the programs and in the files made of them."""
    precisions = {format: options.precision for format, options in planned.lowerings}
    subjects = [one for graph in graphs for one in of_program(graph, precisions, planned.min_ios)]
    subjects += [of_artifact(artifact, folder, planned.min_ios) for artifact in artifacts]
    return lint.findings(subjects)


def _manifest(
    typed_name: str,
    planned: Plan,
    network: Model,
    loaded: LoadedWeights,
    graphs: Sequence[Graph],
    artifacts: Sequence[Artifact],
    sequence: manifest.Sequence | None,
    rollouts: Sequence[manifest.Rollout],
    findings: tuple[manifest.Finding, ...],
    folder: Path,
) -> Manifest:
    info, family = planned.info, planned.info.family
    warnings = list(planned.warnings)
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
        target=manifest.Target(
            id=planned.device.id,
            name=planned.device.name,
            platform=planned.device.platform,
            min_ios=planned.min_ios,
        ),
        preprocessing=manifest.Preprocessing(
            resize="shorter_side_then_center_crop" if family.crop_pct else "square",
            crop_pct=family.crop_pct,
            interpolation=family.interpolation,
        ),
        formats=tuple(format for format, _ in planned.lowerings),
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
        findings=findings,
        warnings=tuple(warnings),
    )
