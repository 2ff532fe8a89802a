"""EfficientTAM as one module: the official state-dict keys, and the steps that a tracker is made of.

The steps take and return tensors and keep no state. In what order a video goes through them is `reference`'s subject,
and how they are cut into graphs of fixed shape that of `exporter.graphs.tracker`.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.efficienttam.config import MEMORY_SLOTS, PATCH, POOL, EfficientTAMConfig
from exporter.models.efficienttam.decoder import Decoded, MaskDecoder, PromptEncoder, Selected, choose, flag
from exporter.models.efficienttam.layers import Mlp
from exporter.models.efficienttam.memory import (
    MASK_OFFSET,
    MASK_SCALE,
    MemoryAttention,
    MemoryEncoder,
)
from exporter.models.efficienttam.positions import sine_encoding
from exporter.models.efficienttam.trunk import ImageEncoder
from exporter.models.model import Model
from exporter.models.seeded import Fill, Spread

LOGITS_PER_TOKEN = 4
"""Side of the mask logits that one token of the image stands for."""
NO_OBJECT_LOGIT = -1024.0
"""Mask logit everywhere where the object is out of sight."""
SURE_SCORE = 10.0
"""Object score of a mask prompt, negated for an empty one."""

_EMBEDDING = Spread(0, 0.7)
_FILL = Fill(
    gain=1.2,
    # Masks are to be decided, and predicted IoUs to differ.
    gains=(
        (r"output_hypernetworks_mlps\.\d\.layers\.2\.weight$", 4.0),
        (r"iou_prediction_head\.layers\.2\.weight$", 2.0),
    ),
    spreads=(
        (r"(_embed|_embeddings\.\d|_tokens?)\.weight$", _EMBEDDING),
        (r"^(no_mem_embed|no_mem_pos_enc|no_obj_ptr)$", _EMBEDDING),
        (r"(\.pos_embed|^maskmem_tpos_enc)$", Spread(0, 0.5)),
        (r"\.positional_encoding_gaussian_matrix$", Spread(0, 1)),
        # The object is in sight on most frames.
        (r"\.pred_obj_score_head\.layers\.2\.bias$", Spread(3, 0.02)),
    ),
)


@dataclass(frozen=True)
class MaskPrediction:
    """What the model makes of one object in one frame."""

    mask_logits: Tensor
    """[1, 1, S/4, S/4]"""
    iou: Tensor
    """Predicted IoU in 0–1 [1, 1]"""
    object_score: Tensor
    """Logit [1, 1]; positive where the object is in sight."""
    pointer: Tensor
    """[1, C]"""


class EfficientTAM(Model):
    """A published EfficientTAM, whose modules have the names of the authors' repository."""

    size_multiple = PATCH * POOL
    fill = _FILL

    memory_positions: Tensor

    def __init__(self, config: EfficientTAMConfig, image_size: int | None = None) -> None:
        """`image_size` None takes the configuration's own; multiples of 32 pixels."""
        super().__init__()
        self.config = config
        channels = config.channels
        self.image_size = image_size or config.image_size
        self.side = self.image_size // PATCH
        """Side of the feature map."""
        self.maskmem_tpos_enc = nn.Parameter(torch.zeros(MEMORY_SLOTS, 1, 1, config.memory_channels))
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, channels))
        # In the checkpoints, and in no use.
        self.no_mem_pos_enc = nn.Parameter(torch.zeros(1, 1, channels))
        self.no_obj_ptr = nn.Parameter(torch.zeros(1, channels))
        self.image_encoder = ImageEncoder(config)
        self.mask_downsample = nn.Conv2d(1, 1, LOGITS_PER_TOKEN, stride=LOGITS_PER_TOKEN)
        self.memory_attention = MemoryAttention(config, self.side)
        self.memory_encoder = MemoryEncoder(config)
        self.sam_prompt_encoder = PromptEncoder(channels, self.side, self.image_size)
        self.sam_mask_decoder = MaskDecoder(config, self.side)
        self.obj_ptr_proj = Mlp((channels,) * 4, F.relu)
        self.register_buffer("memory_positions", sine_encoding(self.side, config.memory_channels), persistent=False)

    @property
    def summary(self) -> str:
        """What it was built for, for messages."""
        return f"{type(self).__name__} of width {self.config.width} at {self.image_size} pixels"

    def forward(self, image: Tensor) -> Tensor:
        """Normalised image [1, 3, S, S] -> features [1, C, S/16, S/16]."""
        return self.image_encoder(image)

    def without_memory(self, features: Tensor) -> Tensor:
        """Features [1, C, g, g] as the decoder takes those of a frame that nothing is remembered for."""
        return features + self.no_mem_embed[0, 0, :, None, None]

    def with_memory(
        self, features: Tensor, memory: Tensor, slots: list[int], pointers: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Features that know the memory [M, N, D] and the object pointers [P, C].

        `slots` are the temporal indices of the M frames: 6 for a prompted one, age - 1 for another. `bias`
        [1, 1, 1, K] masks keys: M * N of frames (a quarter of that if pooled) and 4 * P of pointers.
        """
        positions = self.memory_positions + self.maskmem_tpos_enc[slots, 0]
        tokens = pointers.reshape(1, len(pointers) * self.config.pointer_tokens, self.config.memory_channels)
        return self.memory_attention(features, memory, positions, tokens, bias)

    def decode(self, features: Tensor, prompts: Tensor, dense: Tensor, bias: Tensor | None = None) -> Decoded:
        """Features [1, C, g, g], prompt tokens [1, P, C], and what stands for a mask [1, C, g or 1, g or 1]."""
        return self.sam_mask_decoder(features + dense, self.sam_prompt_encoder.dense_positions(), prompts, bias)

    def prediction(self, selected: Selected, object_score: Tensor) -> MaskPrediction:
        """A selected mask, or none where the object is out of sight."""
        in_sight = flag(object_score > 0)
        return MaskPrediction(
            choose(in_sight[..., None, None], selected.mask, NO_OBJECT_LOGIT),
            selected.iou,
            object_score,
            self.pointer(in_sight, selected.token),
        )

    def pointer(self, in_sight: Tensor, token: Tensor) -> Tensor:
        """The object pointer [1, C] of a mask's token [1, C]; where the flag [1, 1] is 0, the one of no object."""
        return choose(in_sight, self.obj_ptr_proj(token), self.no_obj_ptr)

    def predict(self, fused: Tensor) -> MaskPrediction:
        """Find the object without a prompt, in features that know the memory."""
        encoder = self.sam_prompt_encoder
        decoded = self.decode(fused, encoder.no_points(), encoder.no_mask())
        return self.prediction(decoded.best_of_three(), decoded.object_score)

    def predict_from_mask(self, features: Tensor, mask: Tensor, low_resolution: Tensor) -> MaskPrediction:
        """A mask prompt [1, 1, S, S] of zeros and ones is its own answer; only its pointer is decoded.

        `low_resolution` [1, 1, S/4, S/4] is the same mask, resized with antialiasing.
        """
        encoder = self.sam_prompt_encoder
        decoded = self.decode(features, encoder.no_points(), encoder.mask(self.mask_downsample(mask)))
        pointer = self.pointer(flag(decoded.object_score > 0), decoded.tokens[:, 0])
        # A mean of zeros and ones is positive if any is one; delegates have no maximum over a map. Half precision would
        # lose a single pixel among all, so patches come first.
        holds_object = flag(flag(F.avg_pool2d(mask, PATCH) > 0).mean((2, 3)) > 0)
        score = SURE_SCORE * (2.0 * holds_object - 1.0)
        return MaskPrediction(
            low_resolution * MASK_SCALE + MASK_OFFSET,
            torch.ones_like(score),
            score,
            choose(holds_object, pointer, self.no_obj_ptr),
        )

    def remember(self, features: Tensor, mask_logits: Tensor, prompted: bool) -> Tensor:
        """A frame's memory [1, N, D], from its features (before any memory) and mask logits [1, 1, S/4, S/4].

        A prompted frame's mask is binarized, any other's is soft.
        """
        logits = self.full_size(mask_logits)
        return self.memory_encoder(features, flag(logits > 0) if prompted else logits.sigmoid())

    def full_size(self, mask_logits: Tensor) -> Tensor:
        """Mask logits [1, 1, S/4, S/4] as large as the image [1, 1, S, S]."""
        return F.interpolate(mask_logits, scale_factor=self.image_size / mask_logits.shape[-1], mode="bilinear")
