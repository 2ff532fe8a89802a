"""Would parity notice? Each kind of a tracker's blocks, knocked out of each of its programs, must fail verification.

The knocked-out program runs in PyTorch on the first and the last of the graph's conformance inputs, a nearly empty and
a full memory; what comes out is compared as an artefact's outputs are.
"""

import copy
import dataclasses

import pytest
import torch
from torch import fx

from exporter.backends.runner import run_all
from exporter.verify.parity import judge
from exporter.verify.record import EagerRunner
from exporter.verify.tolerances import TOLERANCES
from tests.knockouts import knock_out, knock_out_constant, knock_out_masks

TRUNK = {
    "patch embedding": r"trunk\.patch_embed",
    "attention": r"trunk\.blocks\.7\.attn",
    "mlp": r"trunk\.blocks\.7\.mlp",
    "neck convolution 1x1": r"neck\.convs\.0\.conv_1x1",
    "neck convolution 3x3": r"neck\.convs\.0\.conv_3x3",
}
MEMORY_ATTENTION = {
    "memory self attention": r"memory_attention\.layers\.1\.self_attn",
    "memory cross attention": r"memory_attention\.layers\.1\.cross_attn_image",
    "memory feed-forward": r"memory_attention\.layers\.1\.linear2",
}
TOKENS = {
    "token self attention": r"transformer\.layers\.1\.self_attn",
    "token-to-image attention": r"transformer\.layers\.1\.cross_attn_token_to_image",
    "image-to-token attention": r"transformer\.layers\.1\.cross_attn_image_to_token",
    "token mlp": r"transformer\.layers\.1\.mlp",
    "final attention": r"final_attn_token_to_image",
    "object score": r"pred_obj_score_head",
    "pointer projection": r"obj_ptr_proj",
}
MASKS = {
    "mask upscaling": r"output_upscaling",
    "hypernetworks": r"output_hypernetworks_mlps",
    "predicted iou": r"iou_prediction_head",
}
MEMORY_ENCODER = {
    "features in memory": r"memory_encoder\.pix_feat_proj",
    "mask downsampler": r"memory_encoder\.mask_downsampler",
    "fuser": r"memory_encoder\.fuser\.layers\.1\.pwconv2",
}
BLOCKS = {
    "encode_image": TRUNK,
    "prompt_points": {
        "places of points": r"sam_prompt_encoder\.pe_layer",
        # Elsewhere the first tokens are constants, and their attention to each other is folded.
        "first token self attention": r"transformer\.layers\.0\.self_attn",
        **TOKENS,
        **MASKS,
        **MEMORY_ENCODER,
    },
    # A mask that was given is its own answer, so that of the mask decoder no mask comes out.
    "prompt_mask": {
        "mask prompt downsampling": r"model\.mask_downsample$",
        "mask prompt embedding": r"sam_prompt_encoder\.mask_downscaling",
        **TOKENS,
        **MEMORY_ENCODER,
    },
    "track_first": {**MEMORY_ATTENTION, **TOKENS, **MASKS, **MEMORY_ENCODER},
    "track_step": {**MEMORY_ATTENTION, **TOKENS, **MASKS, **MEMORY_ENCODER},
}
"""Graph -> kind of block -> path of a module of that kind."""

CONSTANTS = {
    "labels of points": lambda model: torch.cat(
        [
            model.sam_prompt_encoder.not_a_point_embed.weight,
            *(embedding.weight for embedding in model.sam_prompt_encoder.point_embeddings),
        ]
    ),
    "no mask": lambda model: model.sam_prompt_encoder.no_mask_embed.weight,
    "no memory": lambda model: model.no_mem_embed,
    "positions of the image's tokens": lambda model: model.sam_prompt_encoder.dense_positions(),
    "positions of features": lambda model: model.memory_attention.positions,
    "positions and ages of memories": lambda model: model.memory_positions + model.maskmem_tpos_enc[:, 0],
    "lost object's pointer": lambda model: model.no_obj_ptr,
}
"""Embedding -> its values, of a model."""


@pytest.fixture(scope="module")
def programs(trained_tracker):
    return {name: graph.program.module(check_guards=False) for name, graph in trained_tracker.graphs.items()}


@pytest.fixture
def still_verified(trained_tracker, programs):
    """Whether a graph's program, once it is changed, agrees with PyTorch as verification asks of an artefact."""
    return lambda name, change: agrees(trained_tracker, programs[name], name, change)


def agrees(tracker, program, name, change) -> bool:
    changed = fx.GraphModule(program, copy.deepcopy(program.graph))
    change(changed)
    changed.recompile()
    given, expected = ({key: values[[0, -1]] for key, values in part.items()} for part in tracker.vectors[name])
    runner = EagerRunner(dataclasses.replace(tracker.graphs[name], module=changed))
    found = judge(expected, run_all(runner, given), (), TOLERANCES["fp32"].outputs, runner.runtime)
    return found.status == "passed"


@pytest.mark.parametrize("graph", BLOCKS)
def test_the_whole_program_passes(still_verified, graph):
    assert still_verified(graph, lambda program: None)


@pytest.mark.parametrize(("graph", "block"), [(graph, block) for graph in BLOCKS for block in BLOCKS[graph]])
def test_a_program_without_one_block_fails(still_verified, graph, block):
    assert not still_verified(graph, knock_out(BLOCKS[graph][block]))


@pytest.mark.parametrize(
    ("graph", "embedding"),
    [
        ("prompt_points", "labels of points"),
        ("prompt_points", "no mask"),
        ("prompt_points", "no memory"),
        ("prompt_points", "positions of the image's tokens"),
        ("prompt_mask", "lost object's pointer"),
        ("track_step", "positions of features"),
        ("track_step", "positions and ages of memories"),
    ],
)
def test_a_program_without_one_embedding_fails(trained_tracker, still_verified, graph, embedding):
    value = CONSTANTS[embedding](trained_tracker.graphs[graph].module.model)
    assert not still_verified(graph, knock_out_constant(value))


def test_a_program_without_windowed_attention_fails(followed_tracker):
    """The trained tracker attends to the whole map in every block."""
    program = followed_tracker.graphs["encode_image"].program.module(check_guards=False)
    for change, verified in ((lambda program: None, True), (knock_out(r"trunk\.blocks\.0\.attn"), False)):
        assert agrees(followed_tracker, program, "encode_image", change) == verified


@pytest.mark.parametrize("graph", ["prompt_points", "track_step"])
def test_a_program_that_attends_to_what_is_not_there_fails(still_verified, graph):
    assert not still_verified(graph, knock_out_masks)
