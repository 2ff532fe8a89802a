"""The published EfficientTAM models, and what is the same in all of them."""

from dataclasses import dataclass
from typing import Literal

PATCH = 16
"""Side in pixels of the patches that become tokens."""
MEMORY_SLOTS = 7
"""Frames in the memory: the prompted one and the six before the current one."""
POINTER_SLOTS = 16
"""Object pointers: the prompted frame's and those of the 15 before the current one."""
POOL = 2
"""Side of the squares of tokens that pooled attention averages."""


@dataclass(frozen=True)
class EfficientTAMConfig:
    """Free parameters of the architecture; the defaults are those of all that the authors published."""

    width: int
    """Channels of the image encoder's trunk."""
    heads: int
    image_size: int = 1024
    """Side in pixels of the square input that the published weights were trained at, or are used at."""
    pooling: Literal[0, 1, 2] = 0
    """Variant of the pooled cross attention (spec: `_1`, `_2`); 0 attends to every memory token."""
    depth: int = 12
    global_blocks: tuple[int, ...] = (2, 5, 8, 11)
    """Trunk blocks that attend to the whole map; the others attend in windows."""
    trunk_hidden: tuple[int, ...] = ()
    """Channels between the linear layers of each trunk block; () for four times the width in all."""
    window: int = 14
    """Side in tokens of the windows."""
    pretrained_grid: int = 14
    """Side in tokens of the grid that the position embedding was trained on."""
    channels: int = 256
    """Channels C of image features, prompts and object pointers; a multiple of 64."""
    memory_channels: int = 64
    """Channels D of what is remembered of a frame at each token; C is a multiple of it."""
    memory_layers: int = 4
    """Layers of the attention to the memory."""
    hidden: int = 2048
    """Channels between the two linear layers of the mask decoder, and of each layer of the attention to the memory."""
    memory_hidden: tuple[int, ...] = ()
    """Those of each layer of the attention to the memory, where they are others; () for `hidden` in all."""

    def __post_init__(self) -> None:
        """Raises `ValueError` where hidden channels are not those of each block, or of each layer."""
        for hidden, count in ((self.trunk_hidden, self.depth), (self.memory_hidden, self.memory_layers)):
            if hidden and len(hidden) != count:
                raise ValueError(f"hidden channels {hidden} are not those of {count} blocks or layers")

    @property
    def pointer_tokens(self) -> int:
        """An object pointer enters the memory as so many tokens."""
        return self.channels // self.memory_channels


TI, S = (192, 3), (384, 6)
"""Width and heads of the two trunks."""

POOLINGS: dict[str, Literal[0, 1, 2]] = {"": 0, "_1": 1, "_2": 2}
SIZES = {"": 1024, "_512x512": 512}

CONFIGS = {
    f"efficienttam_{name}{variant}{size}": EfficientTAMConfig(*trunk, image_size=pixels, pooling=pooling)
    for name, trunk in (("s", S), ("ti", TI))
    for size, pixels in SIZES.items()
    for variant, pooling in POOLINGS.items()
}

NANO = EfficientTAMConfig(
    width=128,
    heads=4,
    image_size=256,
    pooling=2,
    depth=8,
    global_blocks=tuple(range(8)),
    pretrained_grid=16,
    channels=128,
    memory_layers=2,
    hidden=512,
)
"""Ours, not the authors': small enough to be trained on a laptop (`exporter.train.nano`) and shipped with the project.
Its map of 16 x 16 tokens is hardly larger than a window, so every block attends to the whole of it."""

CONFIGS["efficienttam_nano_256x256"] = NANO
