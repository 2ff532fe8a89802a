"""A small kernel pack, for the tests that make, read and run packs."""

import pytest

from exporter.bench.pack import PackRequest, make_pack

KERNELS = 3


@pytest.fixture(scope="session")
def tflite_pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        return make_pack(PackRequest(folder / "kernels.zip", "Pixel 8", "tflite", count=KERNELS))
