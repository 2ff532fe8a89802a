"""`vitexport lint`: a model before it is exported, or a bundle."""

from __future__ import annotations

from typing import Any

from exporter.backends.runner import Progress
from exporter.bundle import Bundle
from exporter.graphs.cut import graphs_of, model_of
from exporter.lint import findings
from exporter.lint.subject import of_artifact, of_program
from exporter.manifest import Finding
from exporter.models.registry import PUBLISHED_CLASSES, create_model
from exporter.models.weights.loading import seed_weights
from exporter.plan import ExportRequest, device_of, oldest_ios, plan


def lint_model(
    model: str | ExportRequest, *settings: Any, progress: Progress | None = None, **named: Any
) -> tuple[Finding, ...]:
    """What the rules find in a model's captured graphs, in the variants that an export would make.

    What may be asked is what `exporter.export` takes. The weights are seeded: rules are about operators. What only a
    lowered file shows is found in a bundle. Raises `VitexportError` for what cannot be exported.
    """
    step = progress or (lambda what, share: None)
    request = ExportRequest.of(model, *settings, **named)
    planned = plan(request)
    step("model", 0.0)
    multi_label = request.task == "multilabel"
    classes = PUBLISHED_CLASSES if request.num_classes is None else request.num_classes
    network = create_model(planned.info, request.image_size, num_classes=classes, multi_label=multi_label)
    seed_weights(network)
    step("capture", 0.1)
    graphs = graphs_of(network)
    step("rules", 0.9)
    return findings(one for graph in graphs for one in of_program(graph, planned.lowerings, planned.min_ios))


def lint_bundle(bundle: Bundle, target: str | None = None, progress: Progress | None = None) -> tuple[Finding, ...]:
    """What the rules find in a bundle's artefacts, and in the programs that they were made from, captured anew.

    `target` None takes the bundle's own. Raises `BundleError` for a damaged bundle.
    """
    bundle.check()
    step, manifest = progress or (lambda what, share: None), bundle.manifest
    oldest = manifest.target.min_ios if target is None else oldest_ios(device_of(target))
    step("capture", 0.0)
    network = model_of(manifest)
    seed_weights(network)
    subjects = [one for graph in graphs_of(network) for one in of_program(graph, manifest.variants, oldest)]
    for index, artifact in enumerate(manifest.artifacts):
        step(f"{manifest.label(artifact.variant)}: {artifact.graph}", 0.5 + 0.5 * index / len(manifest.artifacts))
        subjects.append(of_artifact(artifact, bundle.path, oldest))
    return findings(subjects)
