"""Reduced models: every kind of block of their family, at sizes that convert in seconds."""

from typing import Literal

from exporter.models.classifier import Classifier
from exporter.models.efficientformer import EfficientFormer, EfficientFormerConfig
from exporter.models.efficientformer_v2 import EfficientFormerV2, EfficientFormerV2Config
from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.efficienttam.model import EfficientTAM
from exporter.models.mobilevit import MobileViT, MobileViTConfig
from exporter.models.mobilevit_v2 import MobileViTV2, MobileViTV2Config
from exporter.models.registry import ModelInfo, model_info
from exporter.models.weights import seed_weights

NUM_CLASSES = 16

SMALLEST = {
    "efficientformer": "efficientformer_l1",
    "efficientformerv2": "efficientformerv2_s0",
    "mobilevit": "mobilevit_xxs",
    "mobilevitv2": "mobilevitv2_050",
}
"""Family -> its smallest published model."""


def reduced_tracker(pooling: Literal[0, 1, 2] = 2) -> EfficientTAM:
    """A seeded tracker of a narrow trunk at 256 pixels, a size at which its windows are padded."""
    config = EfficientTAMConfig(64, 1, image_size=256, pooling=pooling, depth=4, global_blocks=(3,))
    model = EfficientTAM(config).eval().requires_grad_(False)
    seed_weights(model)
    return model


def reduced(family: str) -> tuple[Classifier, ModelInfo]:
    """A seeded model of a few blocks, with the registry's row of the family's smallest model."""
    model: Classifier
    match family:
        case "efficientformer":
            config = EfficientFormerConfig((16, 24, 32, 48), (1, 1, 1, 2), attention_blocks=1)
            model = EfficientFormer(config, image_size=96, num_classes=NUM_CLASSES)
        case "efficientformerv2":
            v2 = EfficientFormerV2Config((8, 16, 24, 32), ((2,), (2,), (2, 2), (2, 2)), attention_blocks=1)
            model = EfficientFormerV2(v2, image_size=64, num_classes=NUM_CLASSES)
        case "mobilevit":
            # 96 pixels make the last stage 3x3: an odd size, which is resized to whole patches and back.
            vit = MobileViTConfig((8, 16, 24, 32, 40), (16, 24, 32), 64, expansion=2, layers=(1, 1, 1))
            model = MobileViT(vit, image_size=96, num_classes=NUM_CLASSES)
        case "mobilevitv2":
            vit2 = MobileViTV2Config(16, (16, 24, 32, 48, 64), layers=(1, 1, 1))
            model = MobileViTV2(vit2, image_size=96, num_classes=NUM_CLASSES)
    model.eval()
    seed_weights(model)
    return model, model_info(SMALLEST[family])
