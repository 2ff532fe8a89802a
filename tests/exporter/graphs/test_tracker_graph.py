"""A tracker in programs of fixed shape does what the video algorithm does with a memory of variable length."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.graphs.capture import Graph
from exporter.graphs.cut import every_frame
from exporter.graphs.tracker import (
    MASKED,
    STATE,
    PromptPoints,
    TrackFirst,
    TrackStep,
    state_of,
)
from exporter.models.efficienttam import EfficientTAM
from exporter.models.efficienttam.config import MEMORY_SLOTS, POINTER_SLOTS, EfficientTAMConfig
from exporter.models.efficienttam.model import MaskPrediction
from exporter.models.efficienttam.reference import MaskPrompt, Memory, PointPrompt, prompt, track, track_all
from exporter.models.point_labels import ABSENT, BACKGROUND, BOTTOM_RIGHT, FOREGROUND, MOST_POINTS, TOP_LEFT
from tests.golden_video import disc_centre, disc_masks, make_video
from tests.models import reduced_tracker, tracker_graphs

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE, FRAMES = 256, 24  # more frames than a memory has slots for frames (7) and pointers (16)

Step = Callable[..., dict[str, Tensor]]


@cache
def pixels() -> Tensor:
    """[24, 3, 256, 256] of 0–255"""
    return torch.from_numpy(make_video(FRAMES, SIZE, SIZE)).permute(0, 3, 1, 2).float()


def click() -> Tensor:
    """The disc's centre in the first frame [1, 1, 2]."""
    return torch.tensor([[disc_centre(0, FRAMES, SIZE, SIZE)]]).float()


class Attended(NamedTuple):
    """What the video algorithm's memory attention was given in one frame, and what it made of it."""

    features: Tensor
    memory: Tensor
    """Of as many frames as are remembered [M, 256, 64], with their positions in space and time"""
    positions: Tensor
    pointers: Tensor
    """[1, P * 4, 64]"""
    fused: Tensor


class Oracle(NamedTuple):
    model: EfficientTAM
    features: list[Tensor]
    seen: dict[int, MaskPrediction]
    attended: list[Attended]
    """Of the second frame and all later ones"""


@cache
def oracle(pooling: int) -> Oracle:
    """The video algorithm over all frames, from a click on the first."""
    model = reduced_tracker(pooling)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    features = [model((picture[None] / 255 - mean) / std) for picture in pixels()]
    attended: list[Attended] = []

    def record(_module: object, inputs: tuple[Tensor, ...], fused: Tensor) -> None:
        attended.append(Attended(*inputs[:4], fused))

    hook = model.memory_attention.register_forward_hook(record)
    seen = track_all(model, features.__getitem__, FRAMES, {0: PointPrompt(click(), torch.ones(1, 1))})
    hook.remove()
    return Oracle(model, features, seen, attended)


def graphs(pooling: int) -> dict[str, Graph]:
    return {graph.name: graph for graph in tracker_graphs(pooling)}


@cache
def programs(pooling: int) -> dict[str, Step]:
    return {name: graph.program.module() for name, graph in graphs(pooling).items()}


def assert_same(actual: Tensor, expected: Tensor, tolerance: float = 1e-4) -> None:
    """Within `tolerance` of the largest value."""
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance * float(expected.abs().max()))


# What toolchains ask of every program


def tensors(pooling: int) -> Iterator[tuple[str, Tensor]]:
    """Every value of every program: inputs, constants, results on the way and outputs."""
    for graph in graphs(pooling).values():
        for node in graph.program.graph.nodes:
            values = node.meta.get("val")
            for value in values if isinstance(values, tuple | list) else [values]:
                if isinstance(value, Tensor):
                    yield f"{graph.name}: {node.name}", value


@pytest.mark.parametrize("pooling", [0, 2])
def test_no_tensor_in_a_program_has_more_than_four_axes(pooling):
    assert {name: value.shape for name, value in tensors(pooling) if value.ndim > 4} == {}


@pytest.mark.parametrize("pooling", [0, 2])
def test_no_number_in_a_program_is_complex_or_of_double_precision(pooling):
    unwanted = {torch.complex64, torch.complex128, torch.float64}
    assert {name: value.dtype for name, value in tensors(pooling) if value.dtype in unwanted} == {}


@pytest.mark.parametrize(
    ("pooling", "names"),
    [
        (0, ["encode_image", "prompt_points", "prompt_mask", "track_step"]),
        (2, ["encode_image", "prompt_points", "prompt_mask", "track_first", "track_step"]),
    ],
)
def test_only_a_pooled_model_has_a_first_step_of_its_own(pooling, names):
    assert list(graphs(pooling)) == names


def test_graphs_of_a_frame_are_captured_by_themselves():
    captured = every_frame(reduced_tracker(2))
    assert [graph.name for graph in captured] == ["encode_image", "track_step"]
    for graph in captured:
        assert graph.inputs == graphs(2)[graph.name].inputs
        assert len(graph.program.graph.nodes) == len(graphs(2)[graph.name].program.graph.nodes)


@pytest.mark.parametrize("pooling", [0, 2])
def test_programs_take_and_give_what_they_state(pooling):
    for name, graph in graphs(pooling).items():
        outputs = programs(pooling)[name](**graph.example)
        stated = {spec.name: spec.shape for spec in graph.outputs}
        assert {key: tuple(value.shape) for key, value in outputs.items()} == stated, name


@pytest.mark.parametrize("pooling", [0, 2])
def test_the_next_state_has_the_shapes_of_the_state(pooling):
    state = {spec.name: spec.shape for spec in graphs(pooling)["track_step"].inputs if spec.name in STATE}
    assert tuple(state) == STATE
    for name, graph in graphs(pooling).items():
        if name != "encode_image":
            following = {spec.name: spec.shape for spec in graph.outputs if spec.name.startswith("next_")}
            assert following == {f"next_{key}": shape for key, shape in state.items()}, name


# A fixed number of slots for a memory of variable length


def slots_of(model: EfficientTAM, positions: Tensor) -> list[int]:
    """In which slots of the memory frames with these positions belong: a slot is a position in time."""
    times = model.memory_positions + model.maskmem_tpos_enc[:, 0]
    return [next(slot for slot, time in enumerate(times) if torch.equal(time, frame)) for frame in positions]


def scattered(rows: Tensor, slots: list[int], count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`rows` in their slots of `count`, with noise in all others; and flags [count], 1 where there is a row."""
    everything, valid = torch.randn(count, *rows.shape[1:], generator=generator), torch.zeros(count)
    everything[slots], valid[slots] = rows, 1
    return everything, valid


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_slots_with_noise_in_the_empty_ones_are_the_memory_of_variable_length(pooling):
    # The slot of a remembered frame says how old it is, so frames stay where they belong; pointers have no age, and are
    # strewn over all slots. Only the first step after a prompt is not a pooled model's `track_step`.
    model, _, _, attended = oracle(pooling)
    step = TrackStep(model)
    generator = torch.Generator().manual_seed(0)
    for given in attended[1 if pooling else 0 :]:
        memory = scattered(given.memory, slots_of(model, given.positions), MEMORY_SLOTS, generator)
        real = given.pointers.reshape(-1, 256)
        places = torch.randperm(POINTER_SLOTS, generator=generator)[: len(real)].tolist()
        pointers = scattered(real, places, POINTER_SLOTS, generator)
        assert_same(step.fused(given.features, *memory, *pointers), given.fused)


def test_the_proof_covers_full_and_partly_filled_memories():
    frames = [len(given.memory) for given in oracle(0).attended]
    tokens = EfficientTAMConfig(64, 1).pointer_tokens
    pointers = [given.pointers.shape[1] // tokens for given in oracle(0).attended]
    assert frames == [1, 2, 3, 4, 5, 6] + [7] * 17
    assert pointers == [*range(1, 16), *[16] * 8]


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_frames_may_stand_in_any_order_if_their_times_go_with_them(pooling):
    model, _, _, attended = oracle(pooling)
    generator = torch.Generator().manual_seed(1)
    keys = attended[0].memory.shape[1] // (4 if pooling else 1)
    for given in attended[1::4]:
        slots = torch.randperm(MEMORY_SLOTS, generator=generator)[: len(given.memory)].tolist()
        memory, valid = scattered(given.memory, slots, MEMORY_SLOTS, generator)
        positions, _ = scattered(given.positions, slots, MEMORY_SLOTS, generator)
        bias = torch.cat([(1 - valid).repeat_interleave(keys) * MASKED, torch.zeros(given.pointers.shape[1])])
        fused = model.memory_attention(given.features, memory, positions, given.pointers, bias[None, None, None])
        assert_same(fused, given.fused)


def after_the_prompt(given: Attended) -> dict[str, Tensor]:
    """The state of which only the prompted frame's slots are filled, with noise in all others."""
    generator = torch.Generator().manual_seed(2)
    memory = scattered(given.memory, [MEMORY_SLOTS - 1], MEMORY_SLOTS, generator)
    pointers = scattered(given.pointers.reshape(-1, 256), [POINTER_SLOTS - 1], POINTER_SLOTS, generator)
    return dict(zip(STATE, (*memory, *pointers), strict=True))


@pytest.mark.parametrize("pooling", [1, 2])
def test_the_first_step_of_a_pooled_model_sees_the_prompted_frame_alone_and_unpooled(pooling):
    model, _, _, attended = oracle(pooling)
    given = attended[0]
    assert_same(TrackFirst(model).fused(given.features, **after_the_prompt(given)), given.fused)


@pytest.mark.parametrize("pooling", [1, 2])
def test_the_common_step_would_not_do_for_it(pooling):
    model, _, _, attended = oracle(pooling)
    given = attended[0]
    assert (TrackStep(model).fused(given.features, **after_the_prompt(given)) - given.fused).abs().max() > 0.1


# Step by step through a video


def followed(pooling: int, steps: Mapping[str, Step], features_of: Callable[[int], Tensor]) -> list[dict[str, Tensor]]:
    """Outputs of all frames, from a click on the first; the state goes from step to step and is not looked into."""
    absent = SIZE * torch.rand(1, MOST_POINTS - 1, 2, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[FOREGROUND, ABSENT, ABSENT, ABSENT]]).float()
    outputs = [steps["prompt_points"](features=features_of(0), points=torch.cat([click(), absent], 1), labels=labels)]
    for frame in range(1, FRAMES):
        state = {name: outputs[-1][f"next_{name}"] for name in STATE}
        step = steps["track_first" if pooling and frame == 1 else "track_step"]
        outputs.append(step(features=features_of(frame), **state))
    return outputs


@cache
def rollout(pooling: int) -> list[dict[str, Tensor]]:
    """Through the captured programs; the first pooled variant's would hardly differ, so there it is the modules."""
    model, features, _, _ = oracle(pooling)
    if pooling == 1:
        modules = {
            "prompt_points": PromptPoints(model),
            "track_first": TrackFirst(model),
            "track_step": TrackStep(model),
        }
        return followed(pooling, modules, features.__getitem__)
    steps = programs(pooling)
    return followed(pooling, steps, lambda frame: steps["encode_image"](image=pixels()[frame : frame + 1])["features"])


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_masks_of_a_video_are_those_of_the_video_algorithm(pooling):
    for frame, outputs in enumerate(rollout(pooling)):
        expected, actual = oracle(pooling).seen[frame].mask_logits, outputs["mask_logits"]
        assert (actual - expected).abs().max() <= 1e-2, frame
        assert ((actual > 0) & (expected > 0)).sum() >= 0.999 * ((actual > 0) | (expected > 0)).sum(), frame


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_at_least_half_of_these_masks_are_neither_empty_nor_full(pooling):
    covered = [float((seen.mask_logits > 0).float().mean()) for seen in oracle(pooling).seen.values()]
    assert sum(0.01 <= share <= 0.99 for share in covered) >= FRAMES / 2


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_scores_and_pointers_of_a_video_are_those_of_the_video_algorithm(pooling):
    for frame, outputs in enumerate(rollout(pooling)):
        seen = oracle(pooling).seen[frame]
        pointer = outputs["next_pointers"][0 if frame else -1][None]  # the newest first, the prompted frame's last
        for actual, expected in (
            (outputs["iou"], seen.iou),
            (outputs["object_score"], seen.object_score),
            (pointer, seen.pointer),
        ):
            torch.testing.assert_close(actual, expected, rtol=0, atol=1e-3, msg=f"frame {frame}")


@pytest.mark.parametrize("pooling", [0, 1, 2])
def test_the_memory_fills_up_from_the_newest_and_keeps_the_prompted_frame(pooling):
    for frame, outputs in enumerate(rollout(pooling)):
        for name, slots in (("memory", MEMORY_SLOTS), ("pointers", POINTER_SLOTS)):
            filled = min(frame, slots - 1)
            assert outputs[f"next_{name}_valid"].tolist() == [1] * filled + [0] * (slots - 1 - filled) + [1], frame
        assert torch.equal(outputs["next_memory"][-1], rollout(pooling)[0]["next_memory"][-1])


@pytest.mark.parametrize("pooling", [0, 2])
def test_the_state_is_what_the_video_algorithm_remembers(pooling):
    model, features, _, _ = oracle(pooling)
    memory = Memory({0: prompt(model, features[0], PointPrompt(click(), torch.ones(1, 1)))})
    for frame in range(1, FRAMES):
        state = state_of(frame, memory)
        for name in STATE:
            assert_same(state[name], rollout(pooling)[frame - 1][f"next_{name}"], 1e-3)
        _, memory = track(model, features[frame], frame, memory)


@pytest.mark.parametrize("pooling", [0, 2])
def test_features_are_those_of_the_normalised_picture(pooling):
    features = programs(pooling)["encode_image"](image=pixels()[:1])["features"]
    assert_same(features, oracle(pooling).features[0])


# Prompts


def assert_started(outputs: dict[str, Tensor], given: PointPrompt | MaskPrompt) -> None:
    """The outputs of a prompt's program are what the video algorithm makes of `given` on the first frame."""
    expected = prompt(oracle(2).model, oracle(2).features[0], given)
    assert_same(outputs["mask_logits"], expected.prediction.mask_logits)
    assert_same(outputs["iou"], expected.prediction.iou)
    assert_same(outputs["object_score"], expected.prediction.object_score)
    assert_same(outputs["next_memory"][-1:], expected.memory)
    assert_same(outputs["next_pointers"][-1:], expected.prediction.pointer)
    for name, slots in (("memory", MEMORY_SLOTS), ("pointers", POINTER_SLOTS)):
        assert outputs[f"next_{name}_valid"].tolist() == [0] * (slots - 1) + [1]
        assert outputs[f"next_{name}"].isfinite().all()


PLACES = [(77, 102), (20, 30), (140, 170), (200, 60)]


@pytest.mark.parametrize(
    "labels",
    [
        [FOREGROUND],
        [BACKGROUND],
        [FOREGROUND, BACKGROUND],
        [FOREGROUND, BACKGROUND, FOREGROUND],
        [FOREGROUND, BACKGROUND, FOREGROUND, BACKGROUND],
        [TOP_LEFT, BOTTOM_RIGHT],
        [TOP_LEFT, BOTTOM_RIGHT, FOREGROUND],
        [TOP_LEFT, BOTTOM_RIGHT, FOREGROUND, BACKGROUND],
    ],
    ids=str,
)
def test_any_number_of_points_up_to_four_starts_an_object_as_in_the_video_algorithm(labels):
    points = torch.tensor([PLACES[: len(labels)]]).float()
    given = PointPrompt(points, torch.tensor([labels]).float())
    absent = MOST_POINTS - len(labels)
    outputs = programs(2)["prompt_points"](
        features=oracle(2).features[0],
        points=torch.cat([points, SIZE * torch.rand(1, absent, 2)], dim=1),
        labels=torch.cat([given.labels, torch.full((1, absent), float(ABSENT))], dim=1),
    )
    assert_started(outputs, given)


def test_one_point_gets_the_best_of_three_masks_and_two_get_the_single_one():
    model, features = oracle(2).model, oracle(2).features[0]
    encoder = model.sam_prompt_encoder
    for labels, choice in (([FOREGROUND], "best_of_three"), ([FOREGROUND, BACKGROUND], "single")):
        points, wanted = torch.tensor([PLACES[: len(labels)]]).float(), torch.tensor([labels]).float()
        decoded = model.decode(model.without_memory(features), encoder.points(points, wanted), encoder.no_mask())
        pointer = model.obj_ptr_proj(getattr(decoded, choice)().token)
        absent = MOST_POINTS - len(labels)
        outputs = programs(2)["prompt_points"](
            features=features,
            points=F.pad(points, (0, 0, 0, absent)),
            labels=F.pad(wanted, (0, absent), value=ABSENT),
        )
        assert_same(outputs["next_pointers"][-1:], pointer)


@pytest.mark.parametrize("frame", [0, FRAMES - 1])
def test_a_mask_starts_an_object_as_in_the_video_algorithm(frame):
    mask = torch.from_numpy(disc_masks(FRAMES, SIZE, SIZE)[frame])[None, None].float()
    outputs = programs(2)["prompt_mask"](features=oracle(2).features[0], mask=mask)
    assert_started(outputs, MaskPrompt(mask))
    assert outputs["object_score"] == 10


def test_a_mask_that_reaches_the_border_is_not_weaker_there():
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., : SIZE // 2] = 1
    outputs = programs(2)["prompt_mask"](features=oracle(2).features[0], mask=mask)
    assert_started(outputs, MaskPrompt(mask))


def test_an_empty_mask_starts_an_object_that_is_out_of_sight():
    mask = torch.zeros(1, 1, SIZE, SIZE)
    outputs = programs(2)["prompt_mask"](features=oracle(2).features[0], mask=mask)
    assert_started(outputs, MaskPrompt(mask))
    assert outputs["object_score"] == -10
    assert (outputs["mask_logits"] == -10).all()
    assert torch.equal(outputs["next_pointers"][-1:], oracle(2).model.no_obj_ptr)


def test_a_single_pixel_is_not_an_empty_mask():
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., 100, 50] = 1
    outputs = programs(2)["prompt_mask"](features=oracle(2).features[0], mask=mask)
    assert_started(outputs, MaskPrompt(mask))
    assert outputs["object_score"] == 10
