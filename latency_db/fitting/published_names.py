"""What published tables call models, in one spelling; families of models, and what kind each is."""

from __future__ import annotations

import re

from latency_db.published.coreml_models import Kind

SAME_MODEL = {
    "convnext_t": "convnext_tiny",
    "deit_t": "deit_tiny_patch16_224",
    "efficientvit_b1_r288": "efficientvit_b1",
    "ghostnet_0_5": "ghostnet_050",
    "ghostnet_1_0": "ghostnet_100",
    "ghostnet_1_3": "ghostnet_130",
    "ghostnetv3_1_0": "ghostnetv3_100",
    "ghostnetv3_1_3": "ghostnetv3_130",
    "ghostnetv3_1_6": "ghostnetv3_160",
    "mnv4_conv_m": "mobilenetv4_conv_medium",
    "mnv4_hybrid_m": "mobilenetv4_hybrid_medium",
    "mobile_former_294m": "mobileformer_294m",
    "mobilenetv2_1_0": "mobilenetv2_100",
    "mobilenetv2_1_4": "mobilenetv2_140",
    "mobilenetv3": "mobilenetv3_large_100",  # of arXiv 2401.16456 Table 5, which compares it at that size
    "mobilenetv3_large": "mobilenetv3_large_100",
    "mobilenetv3_large_0_75": "mobilenetv3_large_075",
    "mobilenetv3_small": "mobilenetv3_small_100",
    "mobilevitv2_1_0": "mobilevitv2_100",
    "mobilevitv2_1_5": "mobilevitv2_150",
    "mobilevitv2_2_0": "mobilevitv2_200",
    "nextvit_b": "nextvit_base",
    "nextvit_l": "nextvit_large",
    "nextvit_s": "nextvit_small",
    "pvtv2_b0": "pvt_v2_b0",
    "pvtv2_b1": "pvt_v2_b1",
    "repvit_sam_image_encoder_m2_3": "repvit_m2_3_sam",
    "resnet_50": "resnet50",
}
"""One model under two spellings, after `spelt`. EfficientTAM's "/2" is left alone: the authors' weights hold two pooled
variants, `_1` and `_2`, and the paper does not say which it is."""

OF_SIZE = {("efficienttam_s", 512): "efficienttam_s_512x512", ("efficienttam_ti", 512): "efficienttam_ti_512x512"}
"""Models that have a name of their own at that size."""

QUALCOMM_MODELS = {"efficientformer": ("efficientformer_l1", 224), "mobile_vit": ("mobilevit_s", 256)}
"""Of Qualcomm's models those in our registry, and the size they are exported at, as their `model.py` has it."""

ZOO_WIDTHS = {"24": "140", "21": "130", "14": "100", "10": "075", "7.6": "050", "6.5": "035"}
"""Megabytes of coreml-model-zoo's MobileNetV2 files -> the width with that many weights in fp32."""

FAMILIES: dict[str, tuple[str, Kind]] = {
    "alexnet": ("alexnet", "cnn"),
    "convnext": ("convnext", "cnn"),
    "deit": ("deit", "vit"),
    "densenet": ("densenet", "cnn"),
    "edgesam": ("edgesam", "cnn"),
    "edgevit": ("edgevit", "hybrid"),
    "efficientformer_": ("efficientformer", "hybrid"),
    "efficientformerv2": ("efficientformerv2", "hybrid"),
    "efficientmod": ("efficientmod", "cnn"),
    "efficientnet": ("efficientnet", "cnn"),
    "efficienttam": ("efficienttam", "vit"),
    "efficientvit_b": ("efficientvit_b", "hybrid"),
    "efficientvit_m": ("efficientvit_m", "vit"),
    "fasternet": ("fasternet", "cnn"),
    "fastvit": ("fastvit", "hybrid"),
    "ghostnet_": ("ghostnet", "cnn"),
    "ghostnetv3": ("ghostnetv3", "cnn"),
    "iformer": ("iformer", "hybrid"),
    "lowformer": ("lowformer", "hybrid"),
    "mobileclip2_b": ("vit", "vit"),
    "mobileclip2_l14": ("vit", "vit"),
    "mobileclip2_s": ("fastvit", "hybrid"),  # their image towers are FastViT's blocks
    "mobileclip_s": ("fastvit", "hybrid"),
    "mobileformer": ("mobileformer", "hybrid"),
    "mobilenetv2": ("mobilenetv2", "cnn"),
    "mobilenetv3": ("mobilenetv3", "cnn"),
    "mobilenetv4_conv": ("mobilenetv4_conv", "cnn"),
    "mobilenetv4_hybrid": ("mobilenetv4_hybrid", "hybrid"),
    "mobileone": ("mobileone", "cnn"),
    "mobilesam": ("mobilesam", "hybrid"),
    "mobilevig": ("mobilevig", "hybrid"),
    "mobilevit_": ("mobilevit", "hybrid"),
    "mobilevitv2": ("mobilevitv2", "hybrid"),
    "nextvit": ("nextvit", "hybrid"),
    "poolformer": ("poolformer", "cnn"),
    "pvt": ("pvt", "vit"),
    "recnext_a": ("recnext_a", "hybrid"),
    "recnext_m": ("recnext_m", "cnn"),
    "repnext": ("repnext", "cnn"),
    "repvit": ("repvit", "cnn"),
    "resnet": ("resnet", "cnn"),
    "sbcformer": ("sbcformer", "hybrid"),
    "shufflenetv2": ("shufflenetv2", "cnn"),
    "shvit": ("shvit", "hybrid"),
    "starnet": ("starnet", "cnn"),
    "swiftformer": ("swiftformer", "hybrid"),
}
"""How a model's name begins -> its family, and whether that convolves, attends or does both."""


def model_name(published: str, size: int | None) -> str:
    """Our name of a model: our registry's where it has that model at that size, else the published one as `spelt`."""
    name = spelt(published.removesuffix(" (backbone)"))
    name = SAME_MODEL.get(name, name)
    return OF_SIZE.get((name, size or 0), name)


def spelt(name: str) -> str:
    """Lower case, with one `_` for every run of spaces, dots, dashes and brackets."""
    return re.sub(r"[^a-z0-9+/]+", "_", name.lower()).strip("_")


def family_of(model: str) -> tuple[str, Kind] | None:
    """Family and kind of a model by its name; None where its family is not known."""
    fitting = [start for start in FAMILIES if model.startswith(start)]
    return FAMILIES[max(fitting, key=len)] if fitting else None
