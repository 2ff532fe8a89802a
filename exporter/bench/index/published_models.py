"""The models of the published end-to-end latencies: how each is built without its weights.

github qed-usc/mobile-ml-benchmark (MIT) measured convolutional networks of pytorchcv and vision transformers of Hugging
Face; those packages, and timm, are imported where a model is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class PublishedModel:
    """A model that others measured."""

    family: str
    """What it shares its blocks with. Coarse on purpose: a family that is left out must leave no sibling behind."""
    build: Callable[[str], nn.Module]
    size: int = 224
    """Rows and columns of the image"""


def _pytorchcv(name: str) -> nn.Module:
    from pytorchcv.model_provider import get_model

    return get_model(name)


def _timm(of: str) -> Callable[[str], nn.Module]:
    def build(_: str) -> nn.Module:
        import timm

        return timm.create_model(of)

    return build


def _transformers(architecture: str, **settings: Any) -> Callable[[str], nn.Module]:
    """An image classifier of `transformers`; its attention is written out, as it was when it was measured."""

    def build(_: str) -> nn.Module:
        import transformers

        name, _, variant = architecture.partition("/")
        config = getattr(transformers, f"{name}Config")(**settings, attn_implementation="eager")
        return getattr(transformers, f"{name}ForImageClassification{variant}")(config)

    return build


def _cnns(family: str, names: str) -> dict[str, PublishedModel]:
    return {name: PublishedModel(family, _pytorchcv) for name in names.split()}


def _vit(size: int = 224, patch: int = 16, width: int = 768, of: str = "ViT", **settings: Any) -> PublishedModel:
    shape = {"hidden_size": width, "num_attention_heads": width // 64, "intermediate_size": 4 * width}
    build = _transformers(of, image_size=size, patch_size=patch, **shape, **settings)
    return PublishedModel("vit", build, size)


def _of(family: str, architecture: str, size: int = 224, **settings: Any) -> PublishedModel:
    return PublishedModel(family, _transformers(architecture, **settings), size)


_HEADS = {96: [3, 6, 12, 24], 128: [4, 8, 16, 32]}


def _swin(width: int, third: int, of: str = "Swin", size: int = 224, window: int = 7) -> PublishedModel:
    stages = {"embed_dim": width, "depths": [2, 2, third, 2], "num_heads": _HEADS[width]}
    return _of("swin", of, size, image_size=size, window_size=window, **stages)


def _levit(widths: list[int], heads: list[int], key: int, depths: list[int]) -> PublishedModel:
    return _of(
        "levit", "Levit", hidden_sizes=widths, num_attention_heads=heads, key_dim=[key] * 3, depths=depths
    )  # fmt: skip


def _poolformer(depths: list[int], widths: list[int]) -> PublishedModel:
    return _of("poolformer", "PoolFormer", depths=depths, hidden_sizes=widths)


def _swiftformer(depths: list[int], widths: list[int]) -> PublishedModel:
    return _of("swiftformer", "SwiftFormer", depths=depths, embed_dims=widths)


def _mobilevit(widths: list[int], necks: list[int], expansion: float = 4.0) -> PublishedModel:
    return _of(
        "mobilevit", "MobileViT", 256, hidden_sizes=widths, neck_hidden_sizes=necks, expand_ratio=expansion
    )  # fmt: skip


_WIDE, _NARROW = [64, 128, 320, 512], [32, 64, 160, 256]

PUBLISHED: Mapping[str, PublishedModel] = {
    **_cnns("bagnet", "bagnet9"),
    **_cnns("inception", "bninception"),
    **_cnns("densenet", "densenet121 densenet169"),
    **_cnns("dla", "dla46c"),
    **_cnns("efficientnet", "efficientnet_edge_small_b efficientnet_edge_large_b"),
    **_cnns("fbnet", "fbnet_cb"),
    **_cnns("ghostnet", "ghostnet"),
    **_cnns("hardnet", "hardnet39ds"),
    **_cnns("hrnet", "hrnet_w18_small_v1 hrnet_w18_small_v2"),
    **_cnns("mnasnet", "mnasnet_a1 mnasnet_b1"),
    **_cnns("mobilenet", "mobilenet_w1 mobilenet_w3d4 mobilenet_wd2 mobilenet_wd4 mobilenetb_w1 mobilenetb_w3d4"),
    **_cnns("mobilenet", "mobilenetb_wd2 mobilenetb_wd4 fdmobilenet_w1 fdmobilenet_w3d4 fdmobilenet_wd2"),
    **_cnns("mobilenet", "fdmobilenet_wd4"),
    **_cnns("mobilenetv2", "mobilenetv2_w1 mobilenetv2_w3d4 mobilenetv2_wd2 mobilenetv2b_w1 mobilenetv2b_w3d4"),
    **_cnns("mobilenetv2", "mobilenetv2b_wd2 mobilenetv2b_wd4"),
    **_cnns("mobilenetv3", "mobilenetv3_large_w1 mobilenetv3_large_w3d4 mobilenetv3_large_w5d4"),
    **_cnns("mobilenetv3", "mobilenetv3_large_wd2 mobilenetv3_small_w1 mobilenetv3_small_w3d4"),
    **_cnns("mobilenetv3", "mobilenetv3_small_w5d4 mobilenetv3_small_w7d20 mobilenetv3_small_wd2"),
    **_cnns("peleenet", "peleenet"),
    **_cnns("proxylessnas", "proxylessnas_cpu proxylessnas_gpu proxylessnas_mobile14"),
    **_cnns("regnet", "regnetx002 regnetx006 regnetx008 regnety002 regnety004 regnety006 regnety008 regnety016"),
    **_cnns("resnet", "resnet10 resnet12 resnet14 resnet16 resnet18_w3d4 resnet18_wd2 resnetbc14b resnetbc26b"),
    **_cnns("resnet", "preresnet10 preresnet14 preresnet16 preresnetbc14b preresnetbc26b seresnet10 seresnet12"),
    **_cnns("resnet", "seresnet18 sepreresnet14 sepreresnet16 sepreresnet18"),
    **_cnns("resnext", "resnext14_16x4d resnext14_32x4d"),
    **_cnns("spnasnet", "spnasnet"),
    **_cnns("squeezenet", "squeezenet_v1_0 squeezeresnet_v1_0 squeezeresnet_v1_1"),
    **_cnns("vovnet", "vovnet27s"),
    "beit-base-patch16-384": _vit(384, of="Beit", use_relative_position_bias=True),
    "deit-base-distilled-patch16-224": _vit(of="DeiT/WithTeacher"),
    "deit-small-distilled-patch16-224": _vit(width=384, of="DeiT/WithTeacher"),
    "deit-tiny-distilled-patch16-224": _vit(width=192, of="DeiT/WithTeacher"),
    "dinov2-base-imagenet1k-1-layer": _vit(patch=14, of="Dinov2"),
    "dinov2-small-imagenet1k-1-layer": _vit(patch=14, width=384, of="Dinov2"),
    "vit-base-patch16-224-in21k": _vit(),
    "vit-base-patch16-384": _vit(384),
    "vit-base-patch32-224-in21k": _vit(patch=32),
    "vit-msn-base": _vit(of="ViTMSN"),
    "vit-msn-base-4": _vit(patch=4, of="ViTMSN"),
    "vit-msn-small": _vit(width=384, of="ViTMSN"),
    "cvt-13": _of("cvt", "Cvt", depth=[1, 2, 10]),
    "cvt-13-384": _of("cvt", "Cvt", 384, depth=[1, 2, 10]),
    "cvt-21": _of("cvt", "Cvt", depth=[1, 4, 16]),
    "cvt-21-384": _of("cvt", "Cvt", 384, depth=[1, 4, 16]),
    "efficientformer-l1-300": PublishedModel("efficientformer", _timm("efficientformer_l1")),
    "efficientformer-l3-300": PublishedModel("efficientformer", _timm("efficientformer_l3")),
    "focalnet-small": _of("focalnet", "FocalNet", depths=[2, 2, 18, 2], focal_levels=[2] * 4, focal_windows=[3] * 4),
    "levit-128S": _levit([128, 256, 384], [4, 6, 8], 16, [2, 3, 4]),
    "levit-128": _levit([128, 256, 384], [4, 8, 12], 16, [4, 4, 4]),
    "levit-192": _levit([192, 288, 384], [3, 5, 6], 32, [4, 4, 4]),
    "levit-256": _levit([256, 384, 512], [4, 6, 8], 32, [4, 4, 4]),
    "levit-384": _levit([384, 512, 768], [6, 9, 12], 32, [4, 4, 4]),
    "mit-b0": _of("segformer", "Segformer", hidden_sizes=_NARROW, depths=[2, 2, 2, 2]),
    "mit-b1": _of("segformer", "Segformer", hidden_sizes=_WIDE, depths=[2, 2, 2, 2]),
    "mit-b2": _of("segformer", "Segformer", hidden_sizes=_WIDE, depths=[3, 4, 6, 3]),
    "mit-b3": _of("segformer", "Segformer", hidden_sizes=_WIDE, depths=[3, 4, 18, 3]),
    "mit-b5": _of("segformer", "Segformer", hidden_sizes=_WIDE, depths=[3, 6, 40, 3]),
    "mobilevit-small": _mobilevit([144, 192, 240], [16, 32, 64, 96, 128, 160, 640]),
    "mobilevit-x-small": _mobilevit([96, 120, 144], [16, 32, 48, 64, 80, 96, 384]),
    "mobilevit-xx-small": _mobilevit([64, 80, 96], [16, 16, 24, 48, 64, 80, 320], 2.0),
    "mobilevitv2-1.0-imagenet1k-256": _of("mobilevitv2", "MobileViTV2"),
    "mobilevitv2-1.5-voc-deeplabv3": _of("mobilevitv2", "MobileViTV2", width_multiplier=1.5),
    "poolformer_s12": _poolformer([2, 2, 6, 2], _WIDE),
    "poolformer_s24": _poolformer([4, 4, 12, 4], _WIDE),
    "poolformer_s36": _poolformer([6, 6, 18, 6], _WIDE),
    "poolformer_m36": _poolformer([6, 6, 18, 6], [96, 192, 384, 768]),
    "poolformer_m48": _poolformer([8, 8, 24, 8], [96, 192, 384, 768]),
    "pvt-tiny-224": _of("pvt", "Pvt", depths=[2, 2, 2, 2]),
    "pvt-small-224": _of("pvt", "Pvt", depths=[3, 4, 6, 3]),
    "pvt-large-224": _of("pvt", "Pvt", depths=[3, 8, 27, 3]),
    "swiftformer-xs": _swiftformer([3, 3, 6, 4], [48, 56, 112, 220]),
    "swiftformer-s": _swiftformer([3, 3, 9, 6], [48, 64, 168, 224]),
    "swiftformer-l1": _swiftformer([4, 3, 10, 5], [48, 96, 192, 384]),
    "swin-tiny-patch4-window7-224": _swin(96, 6),
    "swin-small-patch4-window7-224": _swin(96, 18),
    "swin-base-patch4-window7-224": _swin(128, 18),
    "swinv2-tiny-patch4-window8-256": _swin(96, 6, "Swinv2", 256, 8),
    "swinv2-base-patch4-window8-256": _swin(128, 18, "Swinv2", 256, 8),
    "swinv2-base-patch4-window12-192-22k": _swin(128, 18, "Swinv2", 192, 12),
    "swinv2-base-patch4-window16-256": _swin(128, 18, "Swinv2", 256, 16),
}
"""Name in the published table -> how it is built. Without van-tiny, -small, -base and -large, which no package has any
more: `transformers` 5 dropped them."""
