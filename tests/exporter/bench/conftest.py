"""A small kernel pack, for the tests that make, read and run packs, and an Android device to run it on."""

import subprocess

import pytest

from exporter.bench.packs.pack import MadePack, PackRequest, make_pack
from latency_db.packs import read_pack
from tests.android_device import AndroidDevice, adb_server
from tests.shared import made_once
from tests.system_programs import require

KERNELS = 3

PROPERTIES = """\
#!/bin/sh
case $1 in
    ro.product.model) echo 'Pixel 8' ;;
    ro.soc.manufacturer) echo Google ;;
    ro.soc.model) echo 'Tensor G3' ;;
    ro.build.version.release) echo 14 ;;
esac
"""


@pytest.fixture(scope="session")
def tflite_pack(shared):
    def make(folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_DATA_HOME", str(folder / "data"))
            make_pack(PackRequest(folder / "kernels.zip", "Pixel 8", "tflite", count=KERNELS))

    path = made_once(shared / "kernel packs", make) / "kernels.zip"
    pack = read_pack(path)
    return MadePack(path, pack.manifest, pack.sha256, ())


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    require("adb")
    with adb_server(tmp_path_factory.mktemp("adb")) as variables:
        yield variables


@pytest.fixture
def adb(server, monkeypatch, tmp_path):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield lambda *arguments: subprocess.run(["adb", *arguments], check=True, capture_output=True, timeout=30)
    subprocess.run(["adb", "disconnect"], check=True, capture_output=True, timeout=30)


@pytest.fixture
def phone(adb, tmp_path):
    """A device that is connected."""
    root = tmp_path / "phone"
    (root / "data/local/tmp").mkdir(parents=True)
    (root / "bin").mkdir()
    for name, text in (("getprop", PROPERTIES), ("dumpsys", "#!/bin/sh\necho 'Thermal Status: 1'\n")):
        (root / "bin" / name).write_text(text)
        (root / "bin" / name).chmod(0o755)
    device = AndroidDevice(root)
    adb("connect", device.serial)
    yield device
    device.unplug()
