"""What an export will do: formats, options and models are settled before the work begins."""

import re

import pytest

from exporter.errors import BackendError, InputShapeError, VitexportError, WeightsError
from exporter.manifest import Variant
from exporter.plan import ExportRequest, Plan, plan


def made(planned: Plan) -> list[str]:
    return [variant.format for variant in planned.lowerings]


def test_the_target_chooses_formats_and_the_oldest_system():
    def chosen(target: str) -> tuple[list[str], int]:
        planned = plan(ExportRequest("mobilevit_xxs", target))
        return made(planned), planned.min_ios

    assert chosen("iPhone 15") == (["coreml", "executorch", "tflite"], 17)
    assert chosen("iphone16") == (["coreml", "executorch", "tflite"], 18)
    assert chosen("pixel8")[0] == ["executorch", "tflite"]
    assert chosen("host")[0] == ["executorch", "tflite", "onnx"]


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ("tflite", ["tflite"]),
        (["onnx", "onnx"], ["onnx"]),
        (["all", "onnx"], ["coreml", "executorch", "tflite", "onnx"]),
    ],
)
def test_formats_are_made_once_each(formats, expected):
    assert made(plan(ExportRequest("mobilevit_xxs", "iphone15", formats))) == expected


@pytest.mark.parametrize(("target", "name"), [("pixel8", "Google Pixel 8"), ("raspberry_pi5", "Raspberry Pi 5")])
@pytest.mark.parametrize(("format", "runtime"), [("coreml", "Core ML"), ("coreai", "Core AI")])
def test_what_apple_systems_alone_run_is_made_for_no_other(target, name, format, runtime):
    with pytest.raises(BackendError) as refused:
        plan(ExportRequest("mobilevit_xxs", target, ["tflite", format]))
    assert str(refused.value) == (f"{runtime} runs on Apple systems only, not on {name}: leave --format {format} out.")
    assert made(plan(ExportRequest("mobilevit_xxs", target, ["all"]))) == ["executorch", "tflite", "onnx"]


@pytest.mark.parametrize("target", ["browser", "chrome_on_pixel8"])
def test_for_a_browser_both_formats_that_it_runs_are_made_in_single_precision(target):
    planned = plan(ExportRequest("mobilevit_xxs", target))
    assert list(planned.lowerings) == [Variant("tflite", "fp32"), Variant("onnx", "fp32")]
    assert planned.bundle_name(trained=True) == f"mobilevit_xxs-{target}"


@pytest.mark.parametrize("format", ["coreml", "executorch", "coreai"])
def test_what_no_browser_runs_is_not_made_for_one(format):
    with pytest.raises(BackendError) as refused:
        plan(ExportRequest("mobilevit_s", "chrome_on_pixel8", ["tflite", format]))
    assert str(refused.value) == f"No browser runs {format}: pass --format tflite or --format onnx."
    assert [one.format for one in plan(ExportRequest("mobilevit_s", "browser", ["all"])).lowerings] == [
        "tflite",
        "onnx",
    ]


def test_a_browser_on_a_device_that_is_nearly_another_is_made_for_and_the_other_named():
    warnings = plan(ExportRequest("mobilevit_xxs", "chrome_on_pixle8")).warnings
    assert warnings == (
        "chrome_on_pixle8 is known by its name alone: take --target chrome_on_pixel8, if that was meant.",
    )
    assert plan(ExportRequest("mobilevit_xxs", "chrome_on_test_bench")).warnings == ()


def test_core_ai_is_made_for_whom_it_is_asked_for_and_nobody_else():
    def chosen(target: str, *formats: str) -> list[str]:
        return made(plan(ExportRequest("mobilevit_xxs", target, formats or None)))

    assert chosen("iphone15", "coreai") == chosen("host", "coreai") == ["coreai"]
    assert "coreai" not in {*chosen("iphone17_pro"), *chosen("host"), *chosen("iphone17_pro", "all")}
    assert chosen("host", "all", "coreai")[-1] == "coreai"


@pytest.mark.parametrize(
    ("target", "asked", "complaint"),
    [
        (
            "iphone_xs",
            {"formats": ["coreai"]},
            "Core AI needs iOS 27, and the newest for iPhone XS is iOS 18: take --format coreml.",
        ),
        (
            "iphone7",
            {"formats": ["coreai"]},
            "Core AI needs iOS 27, and the newest for iPhone 7 is iOS 15: take --format tflite.",
        ),
        (
            "iphone7",
            {"formats": ["coreml"]},
            "Core ML needs iOS 16, and the newest for iPhone 7 is iOS 15: take --format tflite.",
        ),
        ("iphone7", {"formats": ["coreml"], "min_ios": 15}, "Core ML needs iOS 16, and the newest"),
        (
            "iphone7",
            {"formats": ["executorch"]},
            "ExecuTorch needs iOS 17, and the newest for iPhone 7 is iOS 15: take --format tflite.",
        ),
        ("iphone7", {"formats": ["executorch"], "delegate": "coreml"}, "Core ML needs iOS 16, and the newest"),
    ],
)
def test_a_phone_whose_newest_system_is_too_old_for_a_format_is_refused(target, asked, complaint):
    with pytest.raises(BackendError, match=re.escape(complaint)):
        plan(ExportRequest("mobilevit_xxs", target, **asked))


def test_an_old_phone_gets_the_formats_that_its_system_runs():
    assert made(plan(ExportRequest("mobilevit_xxs", "iphone7"))) == ["tflite"]


@pytest.mark.parametrize(
    ("model", "target", "image_size", "resolved"),
    [
        ("efficienttam_s", "iphone15", None, "efficienttam_s_512x512"),
        ("efficienttam_ti_2", "pixel8", None, "efficienttam_ti_2_512x512"),
        ("efficienttam_ti", "browser", None, "efficienttam_ti_512x512"),
        ("efficienttam_ti", "chrome_on_pixel8", None, "efficienttam_ti_512x512"),
        ("efficienttam_s", "iphone15", 1024, "efficienttam_s"),
        ("efficienttam_ti", "browser", 1024, "efficienttam_ti"),
        ("efficienttam_s", "host", None, "efficienttam_s"),
        ("mobilevit_s", "iphone15", None, "mobilevit_s"),
    ],
)
def test_a_tracker_without_a_size_is_the_small_one_on_phones_and_in_browsers(model, target, image_size, resolved):
    planned = plan(ExportRequest(model, target, ["onnx"], image_size=image_size))
    assert planned.info.name == resolved
    assert bool(planned.warnings) == (model != resolved)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({}, "mobilevit_s-pixel8"),
        ({"image_size": 256}, "mobilevit_s-pixel8"),
        ({"image_size": 128}, "mobilevit_s-pixel8-128px"),
        ({"target": "host", "formats": ["coreml"], "precision": "fp16"}, "mobilevit_s-host"),
        ({"target": "host", "formats": ["coreml"], "precision": "fp32"}, "mobilevit_s-host-fp32"),
        ({"target": "host", "formats": ["coreml"], "precision": ["fp16", "fp32"]}, "mobilevit_s-host-fp16-fp32"),
        (
            {"target": "host", "formats": ["coreml", "tflite"], "precision": ["fp32", "fp16"]},
            "mobilevit_s-host-fp32-fp16",
        ),
        ({"model": "efficienttam_s", "target": "iphone15"}, "efficienttam_s-iphone15"),
        ({"model": "efficienttam_s", "target": "iphone15", "image_size": 1024}, "efficienttam_s-iphone15-1024px"),
        ({"model": "efficienttam_s", "target": "iphone15", "image_size": 512}, "efficienttam_s-iphone15-512px"),
        ({"model": "efficienttam_s", "target": "host", "image_size": 1024}, "efficienttam_s-host"),
        (
            {"model": "efficienttam_s_512x512", "target": "iphone15", "image_size": 512},
            "efficienttam_s_512x512-iphone15",
        ),
        ({"target": "host", "formats": ["executorch"], "delegate": "xnnpack"}, "mobilevit_s-host"),
        ({"target": "host", "formats": ["executorch"], "delegate": "coreml"}, "mobilevit_s-host-coreml-delegate"),
        (
            {
                "model": "MobileViT_S",
                "target": "host",
                "image_size": 128,
                "formats": ["coreml"],
                "precision": ["fp32"],
            },
            "mobilevit_s-host-128px-fp32",
        ),
    ],
)
def test_a_bundles_name_carries_what_makes_it_another(asked, name):
    planned = plan(ExportRequest(**{"model": "mobilevit_s", "target": "pixel8", **asked}))
    assert planned.bundle_name(trained=True) == name
    assert planned.bundle_name(trained=False) == f"{name}-untrained"


def test_a_format_is_made_once_in_each_of_the_precisions_that_it_offers():
    planned = plan(ExportRequest("mobilevit_s", "iphone15", ["coreml", "tflite"], ["fp16", "fp32", "fp16"]))
    assert list(planned.lowerings) == [
        Variant("coreml", "fp16"),
        Variant("coreml", "fp32"),
        Variant("tflite", "fp32"),
    ]
    assert [options.precision for options in planned.lowerings.values()] == ["fp16", "fp32", "fp32"]


def test_every_variant_has_a_folder_of_its_own():
    planned = plan(ExportRequest("mobilevit_s", "host", ["coreml", "executorch"], ["fp16", "fp32"], delegate="coreml"))
    assert [planned.folder_of(variant) for variant in planned.lowerings] == [
        "coreml",
        "coreml-fp32",
        "executorch-coreml-delegate",
    ]


def test_a_format_with_delegates_names_the_one_it_has():
    planned = plan(ExportRequest("mobilevit_s", "host", ["executorch", "onnx"]))
    assert list(planned.lowerings) == [Variant("executorch", "fp32", "xnnpack"), Variant("onnx", "fp32")]


@pytest.mark.parametrize(
    ("formats", "precision", "complaint"),
    [
        (["coreml", "tflite"], "fp16", "tflite offers fp32, int8.* here, not fp16: keep fp16 for --format coreml"),
        (["tflite"], ["fp32", "fp16"], "tflite offers fp32, int8.* here, not fp16: leave --precision fp16 out"),
        (["coreml"], ["fp16", "int8"], "coreml offers fp16, fp32.* here, not int8: leave --precision int8 out"),
    ],
)
def test_a_precision_that_would_be_ignored_is_refused(formats, precision, complaint):
    with pytest.raises(BackendError, match=complaint):
        plan(ExportRequest("mobilevit_s", "iphone15", formats, precision))


def test_what_a_target_gets_by_default_is_left_out_where_it_offers_no_such_precision():
    planned = plan(ExportRequest("mobilevit_s", "iphone15", precision="int8"))
    assert [str(variant) for variant in planned.lowerings] == ["executorch int8 xnnpack", "tflite int8"]
    (warning,) = planned.warnings
    assert re.fullmatch(r"coreml was left out: it offers fp16, fp32.*, and none of these was asked for\.", warning)


def test_fewer_bits_are_compared_with_the_formats_full_precision():
    planned = plan(ExportRequest("mobilevit_s", "host", ["tflite", "onnx"], ["fp32", "int8"]))
    assert planned.compared_with == {Variant(format, "int8"): Variant(format, "fp32") for format in ("tflite", "onnx")}
    assert set(planned.calibrated) == set(planned.compared_with)
    assert not plan(ExportRequest("mobilevit_s", "host", ["tflite"], "int8-weights")).calibrated


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"precision": "int8-weights", "ranges": "qhyvit"}, "--ranges are for ranges of activations"),
        ({"precision": "int8", "ranges": "guess"}, "--ranges is extremes, percentile.*, not 'guess'"),
        ({"precision": "int8", "calibration": "missing"}, "--calibration missing is no folder"),
        ({"precision": "int8", "least_sqnr": 30.0}, "--least-sqnr is for mixed precision: add --precision mixed"),
        (
            {"formats": ["executorch"], "precision": "int8", "delegate": "coreml"},
            "int8 is for XNNPACK: take --delegate xnnpack, or --format coreml",
        ),
        (
            {"target": "iphone12", "formats": ["coreml"], "precision": "w8a8", "min_ios": 16},
            "coreml has w8a8 from iOS 17 on: pass --min-os 17",
        ),
    ],
    ids=["ranges of weights", "no such ranges", "no folder", "no mixture", "another delegate", "an older system"],
)
def test_what_fewer_bits_cannot_have_is_refused_before_the_work_begins(asked, complaint):
    with pytest.raises(VitexportError, match=complaint):
        plan(ExportRequest(**{"model": "mobilevit_s", "formats": ["tflite"]} | asked))


def test_ranges_that_were_asked_for_make_another_bundle():
    names = {
        plan(ExportRequest("mobilevit_s", "host", ["tflite"], "int8", ranges=ranges)).bundle_name(True)
        for ranges in (None, "percentile", "qhyvit")
    }
    assert names == {f"mobilevit_s-host-int8{end}" for end in ("", "-percentile", "-qhyvit")}


def test_calibration_that_nothing_asks_for_is_refused():
    with pytest.raises(
        BackendError, match="--calibration and --ranges are for ranges of activations: add --precision int8"
    ):
        plan(ExportRequest("mobilevit_s", "host", ["tflite"], calibration="pictures"))


def test_a_request_is_the_same_whole_or_in_its_fields():
    whole = ExportRequest("mobilevit_s", "pixel8", ["tflite"], "fp32", "random", 128)
    assert ExportRequest.of(whole) == whole
    assert ExportRequest.of(whole, image_size=64) == ExportRequest(
        "mobilevit_s", "pixel8", ["tflite"], "fp32", "random", 64
    )
    assert ExportRequest.of("mobilevit_s", "pixel8", ["tflite"], "fp32", "random", image_size=128) == whole


def test_beside_a_whole_request_settings_go_by_name():
    with pytest.raises(TypeError, match="by name"):
        ExportRequest.of(ExportRequest("mobilevit_s"), "pixel8")
    with pytest.raises(TypeError, match="no_such_setting"):
        ExportRequest.of(ExportRequest("mobilevit_s"), no_such_setting=1)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("iphone15", "--min-os 99 is newer than the newest iOS that iPhone 15 gets: pass 27 or an older one."),
        ("host", "--min-os 99 is newer than the newest iOS that there is: pass 27 or an older one."),
    ],
)
def test_an_ios_that_no_phone_has_is_refused(target, sentence):
    with pytest.raises(BackendError) as caught:
        plan(ExportRequest("mobilevit_s", target, formats=["coreml"], min_ios=99))
    assert str(caught.value) == sentence


def test_what_is_asked_of_a_model_that_has_no_such_thing_is_refused():
    for asked in ({"task": "multilabel"}, {"num_classes": 5}):
        with pytest.raises(InputShapeError, match="is no classifier: leave --task and --num-classes out"):
            plan(ExportRequest("efficienttam_s", **asked))
    for asked in ({"num_classes": 0}, {"num_classes": 10**9}, {"image_size": -1}, {"image_size": 100_000}):
        with pytest.raises(InputShapeError, match=r"is out of range: pass a number from 1 to \d+"):
            plan(ExportRequest("mobilevit_s", **asked))
    with pytest.raises(WeightsError, match="chooses among the weights in a file: pass --weights FILE"):
        plan(ExportRequest("mobilevit_s", weights_key="ema"))
