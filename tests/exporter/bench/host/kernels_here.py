"""A few kernels that take microseconds, and one that nobody can make."""

from exporter.bench.host.sweep import Kernels
from exporter.bench.kernels.artifacts import KernelFolder
from exporter.bench.kernels.refusals import Refusals
from latency_db.kernel import Kernel

KERNELS = [
    Kernel.of_key(key)
    for key in (
        "conv 1x16x14x14>1x16x14x14 k1x1 s1x1 conv2d+relu float32",
        "softmax 1x2x9x9>1x2x9x9 softmax float32",
        "elementwise 1x9x16>1x9x16 gelu float32",
    )
]
IMPOSSIBLE = Kernel.of_key("resampling 1x4x8x8,1x8x8x2>1x4x8x8 grid_sampler float32")


def kernels_of(wanted, folder):
    return Kernels(wanted, KernelFolder(folder / "kernels"), Refusals(folder / "refused.jsonl"))
