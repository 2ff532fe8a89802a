"""Deterministic weights with which every branch of a model moves its output.

Under the framework's own initialisation parity proves little: layer scales start at 1e-5, so a model without its
token mixers agrees with the whole one to 1e-4. Here layer scales are about 0.5, biases and running statistics are
not zero, and each value depends on its key and shape alone, so that the same weights come out everywhere.
"""

import re
import zlib
from math import prod

import numpy as np
from numpy.typing import NDArray

_WORDS = 4
_WORD_MAX = 2**16 - 1
_SUM_STD = 2**16 * (_WORDS / 12) ** 0.5  # of a sum of _WORDS uniform 16-bit words

_MOBILEVIT_CONVOLUTIONS = (
    "_1x1.conv.",
    "_kxk.conv.",
    "conv_proj.conv.",
    "conv_fusion.conv.",
    "conv_1x1.weight",
    "final_conv.conv.",
)

_TRACKER_PARTS = (
    "image_encoder",
    "mask_downsample",
    "memory_attention",
    "memory_encoder",
    "obj_ptr_proj",
    "sam_mask_decoder",
    "sam_prompt_encoder",
)
_TRACKER_HEADS = {
    r"output_hypernetworks_mlps\.\d\.layers\.2\.weight$": 4.0,
    r"iou_prediction_head\.layers\.2\.weight$": 2.0,
}
_EMBEDDING = 0.7
_IN_SIGHT = 3.0
"""Bias of a tracker's object score: positive on most frames."""

DAMPED = (".mlp.fc2.bn.weight", ".token_mixer.proj.bn.weight")
"""Last norms of EfficientFormerV2's residual branches."""
DAMPING = 0.5
"""Without it activations grow through V2-L's 47 branches until attention is a hard maximum: then rounding alone moves
single-precision PyTorch by 8e-5 of its output from double precision, and parity would measure that. With it, 3e-7."""


def seeded_tensor(key: str, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """Values for the state-dict entry `key`; None where the model's own value is to stay (indices, counters)."""
    leaf = key.rpartition(".")[2]
    if leaf in ("attention_bias_idxs", "num_batches_tracked"):
        return None
    noise = _noise(zlib.crc32(key.encode()), shape)
    match leaf:
        case "running_mean":
            values = 0.1 * noise
        case "running_var":
            values = 1 + 0.1 * np.abs(noise)
        case "attention_biases":
            values = 2 * noise
        case "gamma" | "layer_scale_1" | "layer_scale_2":
            values = 0.5 + 0.1 * noise
        case "weight" if re.search(r"(_embed|_embeddings\.\d|_tokens?)\.weight$", key):
            values = _EMBEDDING * noise
        case "weight" if len(shape) > 1:
            values = noise * (_gain(key) / prod(shape[1:]) ** 0.5)
        case "weight":
            values = (1 + 0.1 * noise) * (DAMPING if key.endswith(DAMPED) else 1)
        case "bias":
            values = 0.02 * noise + (_IN_SIGHT if key.endswith("pred_obj_score_head.layers.2.bias") else 0)
        case "positional_encoding_gaussian_matrix":
            values = noise
        case "pos_embed" | "maskmem_tpos_enc":
            values = 0.5 * noise
        case "no_mem_embed" | "no_mem_pos_enc" | "no_obj_ptr":
            values = _EMBEDDING * noise
        case _:
            raise KeyError(f"no rule for seeding {key!r}")
    return values.astype(np.float32)


def _gain(key: str) -> float:
    """Standard deviation of a weight times √fan-in.

    MobileViT's strided blocks have no shortcut: with a gain near 1 its output would hardly depend on the image. A
    tracker's masks are to be decided, and its predicted IoUs to differ.
    """
    if key.partition(".")[0] in _TRACKER_PARTS:
        return next((gain for pattern, gain in _TRACKER_HEADS.items() if re.search(pattern, key)), 1.2)
    mobilevit = key == "stem.conv.weight" or any(part in key for part in _MOBILEVIT_CONVOLUTIONS)
    return 1.55 if mobilevit else 1.05


def _noise(seed: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Bell-shaped noise of mean 0 and variance 1, from raw Philox bits: the same in every release of NumPy."""
    words = np.random.Philox(key=seed).random_raw(prod(shape)).view(np.uint16).reshape(-1, _WORDS)
    total = words.sum(axis=1, dtype=np.int64)
    return ((total - _WORDS * _WORD_MAX // 2) / _SUM_STD).reshape(shape)
