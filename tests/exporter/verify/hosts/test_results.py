"""What is said of artefacts on another host: one sentence and one table, whichever host it is."""

import json

import pytest

from exporter.cli.other_hosts import print_host
from exporter.manifest import Parity, Verification
from exporter.verify.hosts.results import OnHost, OnProcessor, Processor, Words
from exporter.verify.tolerances import TOLERANCES

ARM64 = Words(place="arm64", idle="Nothing was run on arm64", processor="core")
GPU = Words(place="LiteRT's GPU delegate", idle="Nothing was run by LiteRT's GPU delegate", processor=None)


def compared(relative, status="passed", left_out=0):
    output = Parity(
        max_abs=1.0,
        relative=relative,
        psnr=None,
        sqnr=None,
        top1=None,
        top5=None,
        labels=None,
        mask_iou=None,
        per_vector=(relative,),
    )
    return Verification(
        status=status, runtime="a runtime", tolerance=TOLERANCES["fp32"].outputs, vectors=1, left_out=left_out,
        outputs={"logits": output}, detail="",
    )  # fmt: skip


def result(format, graph, processor, status, pytorch=None, here=None, detail="", precision="fp32"):
    return OnProcessor(
        format=format, precision=precision, delegate=None, graph=graph, processor=processor, status=status,
        against_pytorch=None if pytorch is None else compared(pytorch),
        against_here=None if here is None else compared(here),
        detail=detail,
    )  # fmt: skip


def on_arm64(*results):
    cores = (Processor(name="a76", description="an emulator"), Processor(name="i8mm"))
    return OnHost(
        host="arm64", here="x86-64", formats=("tflite", "onnx"), processors=cores, results=results, words=ARM64
    )


def on_gpu(*results):
    adapter = Processor(name="GPU", description="SwiftShader")
    return OnHost(host="GPU", here=None, formats=("tflite",), processors=(adapter,), results=results, words=GPU)


PASSED = [result(f, "classify", core, "passed", 2e-7, 1e-7) for f in ("tflite", "onnx") for core in ("a76", "i8mm")]
IDLE = [result(format, "classify", None, "not covered", detail="Why.") for format in ("coreml", "executorch")]


@pytest.mark.parametrize(
    ("found", "outcome", "sentence"),
    [
        (
            on_arm64(*PASSED, *IDLE),
            "passed",
            "On arm64 (a76 and i8mm) tflite and onnx agree with x86-64 within 1.0e-07 and with PyTorch within 2.0e-07; "
            "coreml and executorch are not covered.",
        ),
        (
            on_arm64(*PASSED[:3], result("onnx", "classify", "i8mm", "failed", 0.5, 0.5)),
            "failed",
            "On arm64 (a76 and i8mm) tflite agrees with x86-64 within 1.0e-07 and with PyTorch within 2.0e-07; "
            "On arm64 (i8mm) onnx fails.",
        ),
        (on_arm64(IDLE[0]), "open", "Nothing was run on arm64; coreml is not covered."),
        (
            on_gpu(
                *(result("tflite", graph, "GPU", "passed", 3e-7) for graph in ("encode", "prompt")),
                result("tflite", "step", "GPU", "failed", 0.5),
                result("tflite", "first", "GPU", "not taken", detail="PAD: No."),
                *IDLE,
            ),
            "failed",
            "On LiteRT's GPU delegate encode and prompt agree with PyTorch within 3.0e-07; step fails; "
            "first is not taken; coreml and executorch are not covered.",
        ),
        (on_gpu(result("tflite", "a", "GPU", "failed", 1.0)), "failed", "a fails on LiteRT's GPU delegate."),
        (
            on_gpu(result("tflite", "a", "GPU", "not taken", detail="No.")),
            "open",
            "Nothing was run by LiteRT's GPU delegate; a is not taken.",
        ),
    ],
    ids=["arm64 agrees", "arm64 fails", "arm64 idle", "GPU fails", "GPU fails only", "GPU idle"],
)
def test_the_verdict_is_one_sentence(found, outcome, sentence):
    assert (found.verdict.outcome, found.verdict.sentence) == (outcome, sentence)


def test_several_variants_of_a_format_are_told_apart():
    several = [
        result("tflite", "classify", "GPU", "passed", 3e-7),
        result("tflite", "classify", "GPU", "failed", 0.5, precision="fp16"),
    ]
    assert on_gpu(*several).verdict.sentence == (
        "On LiteRT's GPU delegate tflite fp32 classify agrees with PyTorch within 3.0e-07; tflite fp16 classify fails."
    )
    elsewhere = on_arm64(*(one.model_copy(update={"processor": "a76", "against_here": None}) for one in several))
    assert elsewhere.verdict.sentence.startswith("On arm64 (a76 and i8mm) tflite fp32 agrees with ")
    assert elsewhere.verdict.sentence.endswith("; On arm64 (a76) tflite fp16 fails.")


def test_a_table_says_on_which_core_and_what_is_wrong_below_it(capsys):
    wrong = result("onnx", "classify", "i8mm", "failed", 0.5, 0.5, "compared with x86-64, logits is off")
    missing = Processor(name="m5", missing="no such core")
    found = on_arm64(*PASSED[:3], wrong, *IDLE)
    print_host(found.model_copy(update={"processors": (*found.processors, missing)}))
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert shown[0] == "format graph core inputs from x86-64 from PyTorch result"
    assert shown[4] == "onnx classify i8mm 1 of 1 5.0e-01 5.0e-01 failed"
    assert shown[5] == "coreml classify – – – – not covered"
    assert shown[7:] == [
        "m5: no such core",
        "onnx classify on i8mm: compared with x86-64, logits is off",
        "coreml is not covered: Why.",
        "executorch is not covered: Why.",
        "",
        found.verdict.sentence,
    ]


def test_the_table_of_a_host_of_one_processor_says_what_that_is_once(capsys):
    found = on_gpu(result("tflite", "step", "GPU", "not taken", detail="PAD: No."), *IDLE[:1])
    print_host(found)
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert shown[0] == "format graph inputs from PyTorch result"
    assert shown[1] == "tflite step – – not taken"
    assert shown[3:] == [
        "step not taken: PAD: No.",
        "coreml is not covered: Why.",
        "Adapter: SwiftShader",
        "",
        found.verdict.sentence,
    ]


def test_as_json_it_is_what_was_found_without_the_words_for_it():
    content = json.loads(on_gpu(*IDLE).model_dump_json())
    assert set(content) == {"host", "here", "formats", "processors", "results"}
    assert content["results"][0]["precision"] == "fp32"
