"""What a kernel pack is worth: how far its first kernels reach on a new phone, and whether it runs what it says.

    python benchmarks/latency_packs.py [--anchors 30] [--skip-modules]

Prints two tables. Each phone of the shipped TFLite GPU tables is taken for new: its own times of the kernels that are
best measured, the other phones' tables, and all other kernels to estimate (errors are absolute, in percent). Then, for
models under each runtime's fusion, how many kernels a module of each kernel is cut into again: as it is, and with
attention's scale and mask counted to its product, which every runtime's cut of an attention does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from latency_db.kernel import Kernel
from latency_db.operators.anchors import anchors
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.table import configuration, tabled_devices
from latency_db.operators.transfer import transfer

MODELS = (
    "efficientformer_l1",
    "mobilevit_xxs",
    "efficienttam_nano_256x256",
    "efficientformerv2_s0",
    "mobilevitv2_050",
)


def on_new_phones(count: int) -> None:
    print(f"\n{count} kernels of a new phone\n{'':28s}{'rows':>7s}{'median':>8s}{'p90':>8s}{'coverage':>10s}")
    estimators = [KernelEstimator.shipped("tflite", device) for device in tabled_devices("tflite")]
    for own in estimators:
        table = own.table
        kernels = [Kernel.of_key(key) for key in table.by_key]
        first = [kernels[index] for index in anchors(kernels, [1.0] * len(kernels), count)]
        seen = {configuration(kernel) for kernel in first}
        held_out = np.array([row for row, one in enumerate(table.kernels) if configuration(one) not in seen])
        us = np.array([table.by_key[kernel.key] for kernel in first])
        found = transfer(first, us, [other for other in estimators if other is not own])
        estimates, truth = found.estimate(table.kernels_at(held_out)), table.us[held_out]
        errors = 100 * np.abs(estimates.us / truth - 1)
        within = 100 * np.mean((estimates.low <= truth) & (truth <= estimates.high))
        print(
            f"{table.device:28s}{len(truth):7d}{np.median(errors):8.1f}{np.percentile(errors, 90):8.1f}{within:10.1f}",
            flush=True,
        )


def modules() -> None:
    print(f"\nmodules of kernels\n{'':28s}{'runtime':>18s}{'kernels':>9s}{'as it is':>10s}{'attention':>11s}")
    for name in MODELS:
        for runtime, alike in _cut_again(name):
            shares = [100 * np.mean([pair[place] for pair in alike]) for place in (0, 1)]
            print(f"{name:28s}{runtime:>18s}{len(alike):9d}{shares[0]:10.1f}{shares[1]:11.1f}", flush=True)


def _cut_again(name: str) -> Iterator[tuple[str, list[tuple[bool, bool]]]]:
    """For each runtime and unit, and each distinct kernel: whether its module is cut into it, strictly or otherwise."""
    import torch

    from exporter.bench.kernels.modules import kernel_program
    from exporter.graphs.cut import graphs_of
    from exporter.models.registry import create_model
    from exporter.operations.kernels import FUSIONS, kernels
    from exporter.operations.of_program import operations, returned

    programs = [graph.program for graph in graphs_of(create_model(name).eval())]
    graphs = [(list(operations(program)), returned(program)) for program in programs]
    captured: dict[str, torch.export.ExportedProgram] = {}
    for (runtime, unit), fusion in FUSIONS.items():
        distinct = {kernel.key: kernel for graph in graphs for kernel in kernels(*graph, fusion)}
        alike = []
        for key, kernel in distinct.items():
            if key not in captured:
                made = kernel_program(kernel)
                captured[key] = torch.export.export(made.module, made.inputs)
            calls, results = list(operations(captured[key])), returned(captured[key])
            whole = fusion
            if kernel.kind == "matmul":
                whole = replace(fusion, to_products=fusion.to_products | set(kernel.operations[1:]))
            alike.append(tuple([one.key for one in kernels(calls, results, how)] == [key] for how in (fusion, whole)))
        yield f"{runtime} {unit}", alike


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--anchors", type=int, default=30)
    parser.add_argument("--skip-modules", action="store_true", help="leave out the second table, which needs torch")
    options = parser.parse_args()
    on_new_phones(options.anchors)
    if not options.skip_modules:
        modules()


if __name__ == "__main__":
    main()
