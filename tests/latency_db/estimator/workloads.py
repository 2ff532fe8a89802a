"""Workloads that tests ask about."""

from latency_db.end_to_end.cells import TABLES
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.shipped_tables import read_lines


def conv(channels, out, side, window=1, stride=1, activation="silu"):
    made = side // stride
    return Kernel(
        "conv", ("conv2d", "batch_norm", activation), ((1, channels, side, side),), ((1, out, made, made),),
        window=(window, window), stride=(stride, stride),
    )  # fmt: skip


def depthwise(channels, side, stride=1):
    made = side // stride
    return Kernel(
        "depthwise_conv", ("conv2d", "batch_norm", "silu"), ((1, channels, side, side),), ((1, channels, made, made),),
        window=(3, 3), stride=(stride, stride), groups=channels,
    )  # fmt: skip


def transformer(tokens, width, heads=4):
    """One layer's kernels, attention in its parts."""
    each = (1, tokens, width)
    scores = (4, heads, tokens // 4, tokens // 4)
    head = (4, heads, tokens // 4, width // heads)
    turned = (4, heads, width // heads, tokens // 4)
    return (
        Kernel("normalisation", ("layer_norm",), (each,), (each,)),
        Kernel("linear", ("linear",), (each,), ((1, tokens, 3 * width),)),
        Kernel("matmul", ("matmul", "mul"), (head, turned), (scores,)),
        Kernel("softmax", ("softmax",), (scores,), (scores,)),
        Kernel("matmul", ("matmul",), (scores, head), (head,)),
        Kernel("linear", ("linear", "add"), (each, each), (each,)),
        Kernel("normalisation", ("layer_norm",), (each,), (each,)),
        Kernel("linear", ("linear", "silu"), (each,), ((1, tokens, 2 * width),)),
        Kernel("linear", ("linear", "add"), ((1, tokens, 2 * width), each), (each,)),
    )


MOBILEVIT_LIKE = Workload(
    {
        "classify": (
            conv(3, 16, 256, window=3, stride=2),
            conv(16, 64, 128), depthwise(64, 128, stride=2), conv(64, 64, 64),
            conv(64, 256, 64), depthwise(256, 64, stride=2), conv(256, 96, 32),
            conv(96, 96, 32, window=3),
            *transformer(1024, 144) * 2,
            conv(96, 384, 32), depthwise(384, 32, stride=2), conv(384, 128, 16),
            *transformer(256, 192) * 4,
            Kernel("pooling", ("mean",), ((1, 128, 16, 16),), ((1, 128),)),
            Kernel("linear", ("linear",), ((1, 128),), ((1, 1000),)),
        )
    }
)  # fmt: skip
"""Convolutions, depthwise ones and transformers, as MobileViT has them"""


def shipped_workload(model, runtime, unit, facts=None):
    """The graph of a model of the end-to-end tables, as a runtime cuts it."""
    kernels = [row["kernel"] for row in read_lines(TABLES / "kernels.csv.gz")]
    row = next(
        row
        for row in read_lines(TABLES / "graphs.csv.gz")
        if (row["model"], row["runtime"], row["unit"]) == (model, runtime, unit)
    )
    parts = [part.split("*") for part in row["kernels"].split()]
    return Workload(
        {"classify": tuple(Kernel.of_key(kernels[int(n)]) for n, count in parts for _ in range(int(count)))}, facts
    )
