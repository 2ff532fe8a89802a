"""What an export will do: formats, options and models are settled before the work begins."""

import pytest

from device_profiles import load as load_device
from exporter.errors import BackendError
from exporter.plan import _refuse_without_core_ai, plan


def test_the_target_chooses_formats_and_the_oldest_system():
    def chosen(target: str) -> tuple[list[str], int]:
        planned = plan("mobilevit_xxs", target, None, None, None, None)
        return [name for name, _ in planned.lowerings], planned.min_ios

    assert chosen("iPhone 15") == (["coreml", "executorch", "tflite"], 17)
    assert chosen("iphone16") == (["coreml", "executorch", "tflite"], 18)
    assert chosen("pixel8")[0] == ["executorch", "tflite"]
    assert chosen("host")[0] == ["executorch", "tflite", "onnx"]


@pytest.mark.parametrize(
    ("formats", "made"),
    [
        ("tflite", ["tflite"]),
        (["onnx", "onnx"], ["onnx"]),
        (["all", "onnx"], ["coreml", "executorch", "tflite", "onnx"]),
    ],
)
def test_formats_are_made_once_each(formats, made):
    assert [name for name, _ in plan("mobilevit_xxs", "pixel8", formats, None, None, None).lowerings] == made


def test_core_ai_is_made_for_whom_it_is_asked_for_and_nobody_else():
    def made(target: str, *formats: str) -> list[str]:
        return [name for name, _ in plan("mobilevit_xxs", target, formats or None, None, None, None).lowerings]

    assert made("iphone15", "coreai") == made("host", "coreai") == ["coreai"]
    assert "coreai" not in {*made("iphone17_pro"), *made("host"), *made("iphone17_pro", "all")}
    assert made("host", "all", "coreai")[-1] == "coreai"


def test_a_phone_that_never_gets_core_ais_system_is_refused():
    device = load_device("iphone12")
    old = device.model_copy(update={"os": device.os.model_copy(update={"max": "iOS 26"})})
    with pytest.raises(
        BackendError, match=r"needs iOS 27, and the newest for iPhone 12 is iOS 26: take --format coreml"
    ):
        _refuse_without_core_ai(old)


@pytest.mark.parametrize(
    ("model", "target", "image_size", "resolved"),
    [
        ("efficienttam_s", "iphone15", None, "efficienttam_s_512x512"),
        ("efficienttam_ti_2", "pixel8", None, "efficienttam_ti_2_512x512"),
        ("efficienttam_s", "iphone15", 1024, "efficienttam_s"),
        ("efficienttam_s", "host", None, "efficienttam_s"),
        ("mobilevit_s", "iphone15", None, "mobilevit_s"),
    ],
)
def test_a_tracker_without_a_size_is_the_small_one_on_phones(model, target, image_size, resolved):
    planned = plan(model, target, ["onnx"], None, None, None, image_size)
    assert planned.info.name == resolved
    assert bool(planned.warnings) == (model != resolved)
