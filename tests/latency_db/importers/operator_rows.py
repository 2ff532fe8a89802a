"""Rows of mobile-ml-benchmark's operators, as the TFLite file has them."""


def tflite(op, gpu_kernel="convolution_Nd_N", **fields):
    row = dict.fromkeys(("in_hw", "in_ch", "out_hw", "out_ch", "kernel", "stride", "groups", "flops"), "-")
    times = {"n": "2", "latency_us_median": "5.5", "latency_us_min": "5", "latency_us_max": "6"}
    return row | times | {"op": op, "gpu_kernel": gpu_kernel, "device": "Google Pixel 4"} | fields


def conv(gpu_kernel="convolution_Nd_N", op="CONV_2D", out_channels="64", groups="1"):
    """Of 3 × 3, from 64 channels"""
    shape = {"in_hw": "56", "in_ch": "64", "out_hw": "56", "kernel": "3", "stride": "1"}
    return tflite(op, gpu_kernel, out_ch=out_channels, groups=groups, **shape)


PAIR = "depthwise_conv_plus_1x1_conv_3_4_5_linked_:_add_6"
"""A GPU kernel that computes two operators, both of which stand in the file with its time"""
