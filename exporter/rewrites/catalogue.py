"""The passes by name, as backends list them: a list of names is data, and needs no torch until it is applied."""

from collections.abc import Sequence

from torch import nn
from torch.export import ExportedProgram

from exporter.rewrites import Rewrite, attention, coreai, edited, folds, litert, rewrite, xnnpack

PASSES: dict[str, Rewrite] = {
    apply.__name__: apply
    for apply in (
        folds.fold_constants,
        attention.attention_in_tiles,
        litert.products_in_rank_four,
        litert.constants_on_the_right,
        litert.elementwise_of_equal_rank,
        litert.pads_in_rank_four,
        litert.clamps_in_two_steps,
        coreai.averages_that_count_padding,
        coreai.attention_with_wide_values_as_matmuls,
        xnnpack.attention_as_matmuls,
        xnnpack.matmuls_in_rank_three,
        xnnpack.softmax_in_rank_three,
        xnnpack.convolutions_in_parts,
        xnnpack.splits_as_slices,
        xnnpack.indices_as_slices,
        xnnpack.layer_norm_as_arithmetic,
        xnnpack.means_that_keep_axes,
        xnnpack.group_norm_as_arithmetic,
        xnnpack.sum_as_average_pool,
    )
}


def rewritten(program: ExportedProgram, names: Sequence[str]) -> ExportedProgram:
    """Apply the passes of these names to `program`, in order."""
    return rewrite(program, [PASSES[name] for name in names])


def rewritten_module(program: ExportedProgram, names: Sequence[str]) -> nn.Module:
    """The same for a toolchain that exports a module itself."""
    return edited(program, [PASSES[name] for name in names]) or program.module(check_guards=False)
