"""What a profile may say, and what an export reads from it."""

import tomllib
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

import device_profiles
from device_profiles.schema import Device


@pytest.fixture
def pixel8() -> dict[str, Any]:
    """The content of a profile's file, to be spoilt by a test."""
    text = (resources.files("device_profiles") / "data" / "pixel8.toml").read_text(encoding="utf-8")
    return {"id": "pixel8", **tomllib.loads(text)}


def test_a_fact_without_a_source_is_refused(pixel8: dict[str, Any]) -> None:
    del pixel8["sources"]["gpu"]
    with pytest.raises(ValidationError, match=r"pixel8: \[sources\] does not say where these were read: gpu"):
        Device.model_validate(pixel8)


def test_a_source_without_a_fact_is_refused(pixel8: dict[str, Any]) -> None:
    pixel8["sources"]["bandwidth"] = "from_memory"
    with pytest.raises(ValidationError, match=r"names facts that the profile does not state: bandwidth"):
        Device.model_validate(pixel8)


def test_an_empty_source_is_refused(pixel8: dict[str, Any]) -> None:
    pixel8["sources"]["gpu"] = ""
    with pytest.raises(ValidationError):
        Device.model_validate(pixel8)


def test_a_device_without_cores_is_refused_unless_it_is_a_browser(pixel8: dict[str, Any]) -> None:
    pixel8["cpu"] = []
    for fact in ("cpu", "cpu_cores", "cpu_clocks"):
        del pixel8["sources"][fact]
    with pytest.raises(ValidationError, match="pixel8: cpu has no cluster: state one at the least"):
        Device.model_validate(pixel8)
    assert Device.model_validate(pixel8 | {"platform": "browser"}).cpu == ()


def test_a_misspelt_key_is_refused(pixel8: dict[str, Any]) -> None:
    pixel8["memory"]["bandwith_gbs"] = 51.2
    with pytest.raises(ValidationError, match="bandwith_gbs"):
        Device.model_validate(pixel8)


def test_a_format_that_does_not_exist_is_refused(pixel8: dict[str, Any]) -> None:
    pixel8["prefer"]["formats"] = ["nnapi"]
    with pytest.raises(ValidationError, match="nnapi"):
        Device.model_validate(pixel8)


def test_a_device_cannot_be_changed() -> None:
    device = device_profiles.load("pixel8")
    with pytest.raises(ValidationError):
        device.name = "Pixel 8a"
    assert hash(device) == hash(device_profiles.load("pixel8"))


@pytest.mark.parametrize(
    ("name", "major"), [("iphone12", 14), ("iphone17_pro", 26), ("pixel10", 16), ("raspberry_pi5", 12)]
)
def test_the_launch_system_has_a_major_version(name: str, major: int) -> None:
    assert device_profiles.load(name).os.launch_major == major


def test_the_newest_system_has_a_major_version_where_it_is_known() -> None:
    assert device_profiles.load("iphone12").os.max_major == 27
    assert device_profiles.load("host").os.max_major is None


@pytest.mark.parametrize("device", device_profiles.all_devices(), ids=lambda device: device.id)
def test_formats_and_precision_follow_the_platform(device: Device) -> None:
    # Core ML programs made here need iOS 16, ExecuTorch's packages 17.
    platform = "old ios" if device.platform == "ios" and (device.os.max_major or 99) < 16 else device.platform
    expected = {
        "old ios": (("tflite",), "fp32", "cpu"),
        "ios": (("coreml", "executorch", "tflite"), "fp16", "npu"),
        "android": (("executorch", "tflite"), "fp32", "cpu"),
        "linux": (("executorch", "tflite", "onnx"), "fp32", "cpu"),
    }
    assert (device.prefer.formats, device.prefer.precision, device.prefer.compute_unit) == expected[platform]
    assert "\n" not in device.prefer.reason
