"""model ──capture──▶ graphs ──lower──▶ artefacts ──verify, lint──▶ estimate ──▶ bundle

`export` below is that line; read it first. What may be done side by side is in `stages.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exporter import publication
from exporter.atomic.staging import staging
from exporter.backends.runner import Progress
from exporter.bundle import Bundle
from exporter.contents import seal
from exporter.entries import Export, manifest_entry
from exporter.errors import BundleError, VerificationError
from exporter.graphs.cut import graphs_of
from exporter.latency.expected import expected
from exporter.models.weights.loading import model_with_weights
from exporter.paths import check_output_folder
from exporter.plan import ExportRequest, plan
from exporter.report.page import write_report
from exporter.stages import calibrated, make


def export(model: str | ExportRequest, *settings: Any, progress: Progress | None = None, **named: Any) -> Bundle:
    """Export a model for a device and return the verified bundle, written below the folder `out`.

    `settings` and `named` are the fields of `ExportRequest`, which may be passed whole instead. Raises
    `VitexportError` for what cannot be done, leaving nothing behind, and `VerificationError` where an artefact
    disagrees with PyTorch, leaving the evidence in NAME.failed.
    """
    request = ExportRequest.of(model, *settings, **named)
    planned, step = plan(request), progress or (lambda what, share: None)
    check_output_folder(request.out, BundleError)

    step("weights", 0.0)
    network, loaded = model_with_weights(
        planned.info,
        str(request.weights),
        request.image_size,
        request.num_classes,
        request.task == "multilabel",
        request.weights_key,
    )
    path = Path(request.out) / planned.bundle_name(loaded.trained)
    publication.refuse_to_replace(path)

    step("capture", 0.02)
    graphs = graphs_of(network)

    with staging(path.parent) as stage:
        folder = stage / "bundle"
        folder.mkdir()
        under_way = Export(planned, network, loaded, graphs, folder)
        if planned.calibrated:
            under_way = calibrated(under_way, step)
        made = make(under_way, lambda what, share: step(what, 0.05 + 0.9 * share))
        step("estimate", 0.96)
        latencies = expected(planned.info, network.image_size, graphs, planned.device, tuple(planned.lowerings))
        contents = manifest_entry(under_way, made, latencies)
        step("report", 0.98)
        masks = {contents.label(one.rollout.variant): one.masks for one in made.followed}
        write_report(folder, contents, planned.device, masks)
        contents = seal(folder, contents)
        failures = contents.failures
        path = path.with_name(f"{path.name}.failed") if failures else path
        replaced = publication.publish(folder, path)
    step("done", 1.0)

    if failures:
        explain = f"`vitexport verify {path} --explain` says where the agreement ends"
        raise VerificationError(f"{'; '.join(failures)}. The evidence is in {path}; {explain}.")
    return Bundle(path, contents, replaced)
