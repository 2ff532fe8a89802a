"""In the folder that an app's tests are run in: a pack that was made for them, and the results that they write."""

from pathlib import Path

import pytest

from exporter.bench.packs.pack import PackRequest, make_pack

PACK, BENCHMARK, KERNEL_TIMES = "kernels.zip", "benchmark.json", "pack.json"
KERNELS = 10


def place_pack(folder: Path, target: str) -> Path:
    """Make a pack of the trained tracker's first kernels, as TFLite, and return its zip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        make_pack(PackRequest(folder / PACK, target, "tflite", count=KERNELS, models=("efficienttam_nano",)))
    return folder / PACK
