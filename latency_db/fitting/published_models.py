"""Counts the multiply-accumulates and weights of models that papers timed: makes `data/published/models.csv.gz`.

    python -m latency_db.fitting.published_models public_latency_papers.csv

Counts with timm and torch where timm has the model, as it runs (branches merged); else takes what a source printed,
scaled by pixels where it was printed for another size. Needs the extra `fitting`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from latency_db.fitting.published_names import family_of, model_name
from latency_db.published.coreml_models import ModelFacts
from latency_db.registered import shipped_index
from latency_db.shipped_tables import DATA, table_bytes

IN_TIMM = {
    "mobileclip2_b_image": "vit_base_mci_224",
    "mobileclip2_l14_image": "vit_large_patch14_clip_224",
    "mobileclip2_s0_image": "fastvit_mci0",
    "mobileclip2_s3_image": "fastvit_mci3",
    "mobileclip2_s4_image": "fastvit_mci4",
    "mobileclip_s1_image": "fastvit_mci1",
}
"""Models that timm has under another name."""

REGISTERED = {
    ("efficienttam_s", 1024): "efficienttam_s",
    ("efficienttam_s/2", 1024): "efficienttam_s_2",
    ("efficienttam_s_512x512", 512): "efficienttam_s_512x512",
    ("efficienttam_ti", 1024): "efficienttam_ti",
    ("efficienttam_ti/2", 1024): "efficienttam_ti_2",
}
"""Published trackers -> the model of our registry; "/2" are both pooled variants, which cost the same."""

WITH_A_NECK = {"repvit_m2_3_sam": "repvit_m2_3"}
"""Models that are another with a few layers more, which are not counted."""

SAME_WEIGHTS = 0.12
"""How far the printed number of weights may be from timm's for timm's model to be the one that was timed."""


def main(papers: Path) -> None:
    with papers.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_core_ml(row)]
    facts = sorted(_facts(rows), key=lambda fact: (fact.model, fact.stated_size or 0))
    target = DATA / "published" / "models.csv.gz"
    target.write_bytes(table_bytes(facts, ModelFacts))
    print(f"{len(facts)} models and sizes, {target.stat().st_size} bytes")


def is_core_ml(row: Mapping[str, str]) -> bool:
    """Whether an iPhone ran it with Core ML and the unit was left to the system, as far as the source says."""
    return row["device"].startswith("iPhone") and "ExecuTorch" not in row["runtime"] and "zoo" not in row["source"]


def _facts(rows: list[dict[str, str]]) -> Iterator[ModelFacts]:
    printed: dict[tuple[str, int | None], tuple[float, str]] = {}
    weights: dict[str, float] = {}
    wanted: list[tuple[str, int | None]] = []
    for row in rows:
        size = int(row["resolution"]) if row["resolution"] else None
        model = model_name(row["model"], size)
        wanted.append((model, size))
        if row["gmacs"]:
            printed.setdefault((model, size), (float(row["gmacs"]), row["source"]))
        if row["params_m"]:
            weights.setdefault(model, float(row["params_m"]))
    for model, size in dict.fromkeys(wanted):
        family = family_of(model)
        counted = _counted(model, size, weights.get(model)) or _printed(model, size, printed, weights)
        if family and counted:
            pixels, gmacs, params, origin = counted
            yield ModelFacts(model, size, pixels, gmacs, params, family[1], family[0], origin)


Printed = Mapping[tuple[str, int | None], tuple[float, str]]
"""Model and size -> GMACs, and the source that prints them"""

Counted = tuple[int, float, float, str]
"""Side in pixels, GMACs, millions of weights, and who counted"""


def _printed(model: str, size: int | None, printed: Printed, weights: Mapping[str, float]) -> Counted | None:
    """What sources print: of this size, else of the nearest other."""
    if size and (model, size) in REGISTERED:
        return _registered(REGISTERED[model, size], size)
    of = WITH_A_NECK.get(model, model)
    if size is None or of not in weights:
        return None
    if (of, size) in printed:
        gmacs, source = printed[of, size]
        return size, gmacs, weights[of], f"printed in {source}"
    others = [(abs(other - size), other) for name, other in printed if name == of and other]
    if not others:
        return None
    other = min(others)[1]
    gmacs, source = printed[of, other]
    scaled = round(gmacs * (size / other) ** 2, 3)
    return size, scaled, weights[of], f"printed in {source} for {other} px, scaled by pixels"


def _registered(name: str, size: int) -> Counted:
    """By the kernels of a frame with a full memory."""
    index = shipped_index()
    graphs = index.workload(name, size, "coreml", "npu").graphs
    macs = sum(kernel.macs for kernels in graphs.values() for kernel in kernels)
    return size, round(macs / 1e9, 4), index.models[name, size].params_m, "counted on vitexport's graphs of a frame"


def _counted(model: str, size: int | None, weights: float | None) -> Counted | None:
    """Side, GMACs and millions of weights that timm's model of this name has; None where timm has none that fits."""
    import timm
    import torch
    from timm.utils.model import reparameterize_model
    from torch.utils.flop_counter import FlopCounterMode

    name = IN_TIMM.get(model, model)
    if name not in timm.list_models():
        return None
    net: Any = timm.create_model(name).eval()
    pixels = size or net.default_cfg["input_size"][-1]
    if getattr(net, "set_input_size", None):
        net = timm.create_model(name, img_size=pixels).eval()
    net = reparameterize_model(net).to("meta")
    params = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    if weights and abs(params / weights - 1) > SAME_WEIGHTS and name == model:
        return None
    origin = f"counted with timm {timm.__version__}"
    counter = FlopCounterMode(display=False)
    try:
        with counter, torch.no_grad():
            net(torch.empty(1, 3, pixels, pixels, device="meta"))
    except RuntimeError:  # EfficientFormer's attention is of one size
        usual = net.default_cfg["input_size"][-1]
        with counter, torch.no_grad():
            net(torch.empty(1, 3, usual, usual, device="meta"))
        gmacs = counter.get_total_flops() / 2e9 * (pixels / usual) ** 2
        return pixels, round(gmacs, 4), round(params, 3), f"{origin} at {usual} px, scaled by pixels"
    return pixels, round(counter.get_total_flops() / 2e9, 4), round(params, 3), origin


if __name__ == "__main__":
    main(Path(sys.argv[1]))
