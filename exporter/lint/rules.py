"""The rules of the lint: what each says is in rules.toml, and what it looks for is here."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import get_args

from pydantic import BaseModel, ConfigDict

from device_profiles.vocabulary import Precision
from exporter.lint import delegates, integers, kernels, litert, neural_engine, targets
from exporter.lint.conditions import (
    Check,
    beyond_half,
    each,
    large_exponential,
    large_square,
    long_reduction,
    not_fixed,
    of_type,
    rank_above,
    small_epsilon,
    tiny_guard,
)
from exporter.lint.subject import LoweringStage
from exporter.manifest import Severity


class Rule(BaseModel):
    """What a hazard is, why it is one, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    severity: Severity
    formats: tuple[str, ...]
    stages: tuple[LoweringStage, ...]
    precisions: tuple[Precision, ...] = get_args(Precision)
    reason: str
    advice: str
    link: str

    @property
    def check(self) -> Check:
        return CHECKS[self.id]


@cache
def rules() -> tuple[Rule, ...]:
    """All the rules, in the order of rules.toml."""
    table = tomllib.loads((files("exporter.lint") / "rules.toml").read_text())
    return tuple(Rule(id=id, **texts) for id, texts in table.items())


CHECKS: dict[str, Check] = {
    "core-ml-rank": each(rank_above(5, but=("view", "reshape", "permute", "transpose", "clone"))),
    "core-ai-rank": each(rank_above(5)),
    "litert-gpu-rank": each(rank_above(4)),
    "litert-gpu-attention-rank": each(litert.attention_of_rank_three),
    "litert-gpu-mixed-rank": each(litert.different_ranks),
    "litert-gpu-head-mask": litert.mask_for_all_heads,
    "litert-gpu-transposed-product": each(litert.transposed_product),
    "litert-gpu-pad-rank": each(litert.pad_of_rank_three),
    "litert-gpu-refused": each(litert.refused),
    "sort": kernels.sorting,
    "scatter": each(kernels.scattering),
    "missing-kernel": each(kernels.not_registered),
    "portable-fallback": delegates.left_outside,
    "delegate-break": delegates.arithmetic_outside,
    "half-epsilon": each(small_epsilon),
    "half-guard": tiny_guard,
    "half-mask": each(beyond_half),
    "half-reduction": each(long_reduction),
    "half-square": each(large_square),
    "half-exponential": each(large_exponential),
    "dynamic-shape": each(not_fixed),
    "int64": each(of_type("int64", "uint64")),
    "newer-than-target": targets.newer_than_target,
    "newer-than-users": targets.newer_than_target,
    "neural-engine": neural_engine.placement,
    "int8-slower-operator": each(integers.slower_than_float),
    "int8-island": integers.islands,
    "int8-pieces": integers.small_pieces,
    "int8-signed-activations": each(integers.signed_activations),
    "int16-activations": each(integers.wide_activations),
}
