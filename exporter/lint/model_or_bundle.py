"""`vitexport lint`: a model before it is exported, or a bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exporter.bundle import Bundle
from exporter.lint import findings
from exporter.lint.subject import of_artifact, of_program
from exporter.manifest import Finding, Precision
from exporter.models.registry import create_model, model_info
from exporter.models.weights import seed_weights
from exporter.pipeline import graphs_of
from exporter.plan import device_of, oldest_ios, plan

Progress = Callable[[str, float], None]


def lint_model(
    model: str,
    target: str = "host",
    formats: Sequence[str] | None = None,
    precision: Precision | None = None,
    image_size: int | None = None,
    min_ios: int | None = None,
    progress: Progress | None = None,
) -> tuple[Finding, ...]:
    """What the rules find in a model's captured graphs, for the formats that an export would make.

    The weights are seeded: rules are about operators. What only a lowered file shows is found in a bundle. Raises
    `VitexportError` for what cannot be exported.
    """
    step = progress or (lambda what, share: None)
    planned = plan(model, target, formats, precision, min_ios, None, image_size)
    step("model", 0.0)
    network = create_model(planned.info.name, image_size)
    seed_weights(network)
    step("capture", 0.1)
    precisions = {format: options.precision for format, options in planned.lowerings}
    graphs = graphs_of(network, planned.info)
    step("rules", 0.9)
    return findings(one for graph in graphs for one in of_program(graph, precisions, planned.min_ios))


def lint_bundle(bundle: Bundle, target: str | None = None, progress: Progress | None = None) -> tuple[Finding, ...]:
    """What the rules find in a bundle's artefacts, and in the programs that they were made from, captured anew.

    `target` None takes the bundle's own. Raises `BundleError` for a damaged bundle.
    """
    bundle.check()
    step, manifest = progress or (lambda what, share: None), bundle.manifest
    oldest = manifest.target.min_ios if target is None else oldest_ios(device_of(target))
    step("capture", 0.0)
    info = model_info(manifest.model.name)
    network = create_model(info.name, manifest.model.image_size, num_classes=manifest.model.num_classes or 1000)
    seed_weights(network)
    precisions = {artifact.format: artifact.precision for artifact in manifest.artifacts}
    subjects = [one for graph in graphs_of(network, info) for one in of_program(graph, precisions, oldest)]
    for index, artifact in enumerate(manifest.artifacts):
        step(f"{artifact.format}: {artifact.graph}", 0.5 + 0.5 * index / len(manifest.artifacts))
        subjects.append(of_artifact(artifact, bundle.path, oldest))
    return findings(subjects)
