"""What becomes of Debian's own adb where all is well, and where it is not; the device is `tests/android_device.py`."""

import threading

import pytest

from exporter.bench.phone.adb import AdbError, Answer, DeviceGone, connected
from tests.android_device import AndroidDevice


def test_a_command_gives_what_it_printed_and_how_it_ended(phone):
    assert connected().shell("echo out; echo err >&2; false") == Answer("out\nerr\n", 1)


def test_a_file_arrives_as_it_was(phone, tmp_path):
    content = bytes(range(256)) * 1000
    (tmp_path / "file").write_bytes(content)
    connected().push([tmp_path / "file"], "/data/local/tmp")
    assert (phone.root / "data/local/tmp/file").read_bytes() == content
    with pytest.raises(AdbError, match="does not take files into /nowhere/at/all"):
        connected().push([tmp_path / "file"], "/nowhere/at/all")


def test_a_command_that_takes_too_long_is_named(phone):
    with pytest.raises(AdbError, match=r"took more than 0\.3 s for 'sleep 3'") as slow:
        connected().shell("sleep 3", seconds=0.3)
    assert not isinstance(slow.value, DeviceGone)


def test_a_device_that_goes_amid_a_command_is_told_from_one_that_refuses(phone):
    device = connected()
    threading.Timer(0.3, phone.unplug).start()
    with pytest.raises(DeviceGone, match="has gone: connect it again"):
        device.shell("sleep 3")


def test_a_device_is_found_or_the_user_is_told_what_to_do(adb, tmp_path):
    with pytest.raises(AdbError, match="No Android device is connected: plug one in"):
        connected()
    one, other = AndroidDevice(tmp_path), AndroidDevice(tmp_path)
    adb("connect", one.serial)
    assert connected().serial == one.serial
    with pytest.raises(AdbError, match=f"No device has the serial number X1; connected are {one.serial}"):
        connected("X1")
    adb("connect", other.serial)
    with pytest.raises(AdbError, match="Several devices are connected: pass --serial with one of"):
        connected()
    assert connected(other.serial).serial == other.serial
    other.unplug()
    one.unplug()


def test_a_device_that_does_not_trust_this_computer_is_named(adb, tmp_path):
    device = AndroidDevice(tmp_path, authorised=False)
    adb("connect", device.serial)
    with pytest.raises(AdbError, match=f"{device.serial} has not allowed this computer to debug it: unlock it"):
        connected()
    device.unplug()


def test_without_adb_the_user_is_told_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AdbError, match="adb is not installed: apt-get install adb"):
        connected()
