"""How Hugging Face's transformers and Apple's CVNets name the weights of both generations of MobileViT."""

from exporter.models.weights.key_map import KeyMap

_STEM = "stem.conv.weight"
"""Both take blue, green, red: transformers' image processor turns the channels, CVNets reads pictures with OpenCV."""

TRANSFORMERS = KeyMap(
    "transformers",
    (
        (r"^mobilevit(v2)?\.", ""),
        (r"^conv_stem\.", "stem."),
        (r"^conv_1x1_exp\.", "final_conv."),
        (r"^classifier\.", "head.fc."),
        (r"^encoder\.layer\.(\d+)\.layer\.(\d+)\.", r"stages.\1.\2."),
        (r"^encoder\.layer\.(\d+)\.downsampling_layer\.", r"stages.\1.0."),
        (r"^encoder\.layer\.(\d+)\.", r"stages.\1.1."),
        (r"\.expand_1x1\.", ".conv1_1x1."),
        (r"\.conv_3x3\.", ".conv2_kxk."),
        (r"\.reduce_1x1\.", ".conv3_1x1."),
        (r"\.conv_projection\.", ".conv_proj."),
        (r"\.fusion\.", ".conv_fusion."),
        (r"\.transformer\.layer\.(\d+)\.", r".transformer.\1."),
        (r"\.attention\.attention\.query\.(\w+)$", r".attn.qkv.\1[0]"),
        (r"\.attention\.attention\.key\.(\w+)$", r".attn.qkv.\1[1]"),
        (r"\.attention\.attention\.value\.(\w+)$", r".attn.qkv.\1[2]"),
        (r"\.attention\.output\.dense\.", ".attn.proj."),
        (r"\.intermediate\.dense\.", ".mlp.fc1."),
        (r"\.output\.dense\.", ".mlp.fc2."),
        (r"\.attention\.(qkv_proj|out_proj)\.convolution\.", r".attn.\1."),
        (r"\.ffn\.conv(\d)\.convolution\.", r".mlp.fc\1."),
        (r"\.layernorm_before\.", ".norm1."),
        (r"\.layernorm_after\.", ".norm2."),
        (r"\.layernorm\.", ".norm."),
        (r"\.conv_1x1\.convolution\.", ".conv_1x1."),
        (r"(^|\.)convolution\.", r"\1conv."),
        (r"(^|\.)normalization\.", r"\1bn."),
    ),
    bgr=_STEM,
)

CVNETS = KeyMap(
    "apple/ml-cvnets",
    (
        (r"^encoder\.", ""),
        (r"\.block\.", "."),
        (r"\.norm\.", ".bn."),
        (r"^conv_1\.", "stem."),
        (r"^conv_1x1_exp\.", "final_conv."),
        (r"^classifier\.(fc|1)\.", "head.fc."),
        *((rf"^layer_{stage + 1}\.", f"stages.{stage}.") for stage in range(5)),
        (r"\.local_rep\.(conv_3x3|0)\.", ".conv_kxk."),
        (r"\.local_rep\.(conv_1x1|1)\.conv\.", ".conv_1x1."),
        (r"\.exp_1x1\.", ".conv1_1x1."),
        (r"\.conv_3x3\.", ".conv2_kxk."),
        (r"\.red_1x1\.", ".conv3_1x1."),
        (r"\.global_rep\.\d+\.(weight|bias)$", r".norm.\1"),
        (r"\.global_rep\.(\d+)\.", r".transformer.\1."),
        (r"\.pre_norm_(mha|attn)\.0\.", ".norm1."),
        (r"\.pre_norm_mha\.1\.qkv_proj\.", ".attn.qkv."),
        (r"\.pre_norm_mha\.1\.out_proj\.", ".attn.proj."),
        (r"\.pre_norm_attn\.1\.(qkv_proj|out_proj)\.conv\.", r".attn.\1."),
        (r"\.pre_norm_ffn\.0\.", ".norm2."),
        (r"\.pre_norm_ffn\.1\.(conv\.)?", ".mlp.fc1."),
        (r"\.pre_norm_ffn\.[34]\.(conv\.)?", ".mlp.fc2."),
        (r"\.fusion\.", ".conv_fusion."),
    ),
    bgr=_STEM,
)
