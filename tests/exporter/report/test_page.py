"""What the report of a bundle must say, and must not."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import device_profiles
from device_profiles.schema import Device
from exporter.contents import REPORT
from exporter.manifest import (
    Artifact,
    Delegation,
    Finding,
    FrameLatency,
    GraphEntry,
    Latency,
    Manifest,
    ModelEntry,
    Outside,
    Parity,
    Preprocessing,
    Target,
    TensorSpec,
    Tolerance,
    Variant,
    Verification,
    Weights,
)
from exporter.report.page import write_report
from exporter.vectors import write_vectors

CLASSES, SIZE, PICTURES = 1000, 8, 3
IMAGE = TensorSpec(
    name="image",
    shape=(1, 3, SIZE, SIZE),
    dtype="float32",
    layout="NCHW",
    value_range=(0, 255),
    kind="image",
    meaning="RGB",
)
LOGITS = TensorSpec(
    name="logits", shape=(1, CLASSES), dtype="float32", layout="NC", kind="class_scores", meaning="class scores"
)
FP32 = Tolerance(relative=1e-4, psnr=None, top1=1.0, labels=0.999, mask_iou=0.999)


def parity(**figures: Any) -> Parity:
    """Figures that are not named are null."""
    return Parity.model_validate(
        {"psnr": None, "sqnr": None, "top1": None, "top5": None, "labels": None, "mask_iou": None} | figures
    )


PASSED = Verification(
    status="passed",
    runtime="LiteRT 2.3.0",
    tolerance=FP32,
    vectors=PICTURES,
    outputs={"logits": parity(max_abs=2e-6, relative=6e-7, psnr=131.94, top1=1, top5=1, per_vector=(0.0, 3e-7, 6e-7))},
    detail="Agrees with PyTorch within 6.0e-07 on 3 inputs.",
)
FAILED = Verification(
    status="failed",
    runtime="ONNX Runtime 1.31.1",
    tolerance=FP32,
    vectors=PICTURES,
    outputs={"logits": parity(max_abs=None, relative=None, top1=0, top5=0, per_vector=(None, 0.31, 4e-7))},
    detail="logits is missing, misshapen or not finite",
)
NOT_EXECUTED = Verification(
    status="not executed",
    runtime=None,
    tolerance=FP32,
    vectors=0,
    outputs={},
    detail="Not executed: Core ML runs on Apple systems only.",
)


def artifact(format: str, verification: Verification, **changes: Any) -> Artifact:
    content = {
        "format": format,
        "graph": "classify",
        "file": f"{format}/classify.bin",
        "bytes": 14_310_000,
        "precision": "fp32",
        "delegate": None,
        "toolchain": {f"{format}-tools": "1.2.3"},
        "min_os": None,
        "compute_units": ("cpu",),
        "inputs": (IMAGE,),
        "outputs": (LOGITS,),
        "operators": {"ADD": 2, "CONV_2D": 61},
        "rewrites": (),
        "delegation": None,
        "verification": verification,
    }
    return Artifact.model_validate(content | changes)


def manifest(*artifacts: Artifact, trained: bool = True, **changes: Any) -> Manifest:
    content = {
        "created": "2026-01-02T03:04:05+00:00",
        "variants": tuple(dict.fromkeys(one.variant for one in artifacts)) or (Variant("onnx", "fp32"),),
        "provenance": {"vitexport": "0.1.0"},
        "model": ModelEntry(
            typed_name="mobilevit_s",
            name="mobilevit_s",
            family="mobilevit",
            task="classify",
            paper="arXiv 2110.02178",
            image_size=SIZE,
            num_classes=CLASSES,
            parameters=5_578_632,
        ),
        "weights": Weights(
            kind="hub" if trained else "seeded",
            source="a/checkpoint" if trained else "seeded",
            sha256="b" * 64,
            trained=trained,
            trained_at=SIZE if trained else None,
        ),
        "target": Target(id="iphone15", name="iPhone 15", platform="ios", min_ios=17),
        "preprocessing": Preprocessing(resize="shorter_side_then_center_crop", crop_pct=0.9, interpolation="bicubic"),
        "graphs": (
            GraphEntry(
                name="classify",
                inputs=(IMAGE,),
                outputs=(LOGITS,),
                vectors="vectors/classify.safetensors",
            ),
        ),
        "artifacts": artifacts,
        "warnings": (),
    }
    return Manifest.model_validate(content | changes)


PHONE = Device.model_validate(
    {
        "id": "phone",
        "name": "Phone",
        "platform": "android",
        "soc": "Chip 3",
        "cpu": [
            {"tier": "big", "count": 2, "core": "Fast", "ghz": 3.46},
            {"tier": "little", "count": 4, "ghz": 2, "note": "stated as 1.8-2 GHz"},
        ],
        "isa": {"architecture": "ARMv9.2", "features": ["fp16", "i8mm"]},
        "memory": {"gb": "6 or 8", "bandwidth_gbs": 51.2},
        "os": {"launch": "Android 14"},
        "prefer": {"formats": ["tflite"], "precision": "fp32", "compute_unit": "cpu", "reason": "It is the fastest."},
        "sources": {
            "soc": "vendor's page",
            "cpu": "from_memory",
            "cpu_cores": "vendor's page",
            "cpu_clocks": "vendor's page; the little cores from_memory",
            "isa": "vendor's page",
            "memory": "from_memory",
            "bandwidth": "from_memory",
            "os_launch": "vendor's page",
        },
    }
)


def report(folder: Path, content: Manifest, device: Device = PHONE) -> str:
    """The report's HTML; PyTorch's best classes are 1, 388 and 954."""
    images = np.random.default_rng(0).integers(0, 256, (PICTURES, *IMAGE.shape), dtype=np.uint8)
    logits = np.zeros((PICTURES, *LOGITS.shape), np.float32)
    logits[range(PICTURES), 0, [1, 388, 954]] = 1
    write_vectors(folder / content.graphs[0].vectors, {"image": images}, {"logits": logits})
    write_report(folder, content, device)
    return (folder / REPORT).read_text(encoding="utf-8")


def text(html: str) -> str:
    """What a reader sees: no tags, no style, white space folded."""
    body = re.sub(r"<[^>]*>", " ", html.partition("<body>")[2])
    return re.sub(r"\s+", " ", unescape(body))


class Tags(HTMLParser):
    """Collects the names of the tags and every (attribute, value)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs


def test_the_file_needs_nothing_else(tmp_path: Path) -> None:
    html = report(tmp_path, manifest(artifact("tflite", PASSED), artifact("coreml", NOT_EXECUTED)))
    tags = Tags(html)
    references = [value or "" for name, value in tags.attributes if name in ("src", "href", "srcset", "data")]
    assert references
    assert all(value.startswith(("data:image/", "#")) for value in references)
    assert not re.search(r"https?:|url\(|@import", html)
    assert not tags.names & {"script", "link", "iframe", "object"}


def test_every_artefact_stands_there_with_its_verdict(tmp_path: Path) -> None:
    package = artifact("coreml", NOT_EXECUTED, compute_units=("cpu", "gpu", "npu"))
    html = report(tmp_path, manifest(artifact("tflite", PASSED), package))
    seen = text(html)
    assert "1 format (tflite) agrees with PyTorch within 6.0e-07; coreml was not executed." in seen
    assert "tflite classify fp32 14.31 6.0e-07 ≤ 1e-04 2.0e-06 top-1 100.0% ≥ 100.0% top-5 100.0% — CPU LiteRT" in seen
    assert "LiteRT 2.3.0 ✓ passed" in seen
    assert re.search(r"coreml classify fp32 14\.31 — — — — CPU, GPU, NPU — – not executed", seen)
    assert PASSED.detail in seen
    assert NOT_EXECUTED.detail in seen


def test_a_failed_artefact_is_shown_as_failed_with_its_detail(tmp_path: Path) -> None:
    html = report(tmp_path, manifest(artifact("tflite", PASSED), artifact("onnx", FAILED)))
    seen = text(html)
    assert 'class="verdict failed"' in html
    assert "1 format (tflite) agrees with PyTorch within 6.0e-07; onnx disagrees with PyTorch." in seen
    assert re.search(rf"onnx classify fp32 14\.31 not finite .*? ✗ failed {FAILED.detail}", seen)
    assert re.search(r"onnx not finite ✗ .* onnx 3\.1e-01 ✗ .* onnx 4\.0e-07 ✓", seen), "picture by picture"


def test_the_plot_shows_zero_not_finite_and_tolerance_in_their_places(tmp_path: Path) -> None:
    html = report(tmp_path, manifest(artifact("tflite", PASSED), artifact("onnx", FAILED)))
    place = {title: float(x) for x, title in re.findall(r'cx="([\d.]+)%"[^>]*><title>(.*?)</title>', html)}
    tolerance = float(re.findall(r'class="tolerance" x1="([\d.]+)%"', html)[0])
    assert place["input 1: 0"] < place["input 2: 3.0e-07"] < place["input 3: 6.0e-07"] < tolerance
    not_finite = re.findall(r'<text class="over" x="([\d.]+)%"[^>]*>(.*?)</text>', html)
    assert [count for _, count in not_finite] == ["1 ✗"]
    assert tolerance < place["input 2: 3.1e-01"] < float(not_finite[0][0]) < 100
    assert "tolerance 1e-04" in text(html)


def test_without_an_execution_nothing_is_claimed(tmp_path: Path) -> None:
    seen = text(report(tmp_path, manifest(artifact("coreml", NOT_EXECUTED))))
    assert "No format was executed here, so agreement with PyTorch is not proved." in seen
    assert "No output was compared with PyTorch here." in seen
    assert "no artefact was compared with PyTorch" in seen
    assert "passed" not in seen.replace("0 of 1 passed", "")


def test_the_worst_of_several_outputs_stands_in_the_table(tmp_path: Path) -> None:
    coarse = parity(max_abs=0.5, relative=8e-5, psnr=70, mask_iou=0.9994, per_vector=(8e-5, 1e-5, 1e-5))
    fine = parity(max_abs=0.1, relative=1e-5, psnr=90, per_vector=(1e-5, 1e-6, 1e-6))
    both = PASSED.model_copy(update={"outputs": {"mask_logits": coarse, "iou": fine}})
    seen = text(report(tmp_path, manifest(artifact("tflite", both))))
    assert "tflite classify fp32 14.31 8.0e-05 ≤ 1e-04 5.0e-01 mask IoU 0.9994 ≥ 0.9990" in seen


def test_every_output_is_shown_format_beneath_format(tmp_path: Path) -> None:
    coarse = parity(max_abs=0.5, relative=8e-5, psnr=70, per_vector=(8e-5, 1e-5, 1e-5))
    equal = parity(max_abs=0, relative=0, per_vector=(0, 0, 0))
    both = PASSED.model_copy(update={"outputs": PASSED.outputs | {"iou": coarse}})
    half = PASSED.model_copy(update={"outputs": PASSED.outputs | {"iou": equal}})
    seen = text(report(tmp_path, manifest(artifact("tflite", both), artifact("onnx", half, precision="fp16"))))
    assert (
        "logits tflite fp32 2.0e-06 6.0e-07 131.9 top-1 100.0% onnx fp16 2.0e-06 6.0e-07 131.9 top-1 100.0% "
        "iou tflite fp32 5.0e-01 8.0e-05 70.0 — onnx fp16 0 0 equal —"
    ) in seen


def test_the_outputs_of_a_classifier_are_shown_and_those_of_many_graphs_unfold(
    bundles: Any, tracker_bundle: Any
) -> None:
    classifier, tracker = (
        (bundle.path / REPORT).read_text(encoding="utf-8") for bundle in (bundles["mobilevit"], tracker_bundle)
    )
    assert re.search(r"<details open>\s*<summary>classify", classifier)
    assert re.search(r"<details>\s*<summary>track_step", tracker)
    assert "mask IoU 1.0000 ≥ 0.9990" in text(tracker)


def test_only_untrained_weights_get_the_banner_and_no_labels(tmp_path: Path) -> None:
    trained = text(report(tmp_path, manifest(artifact("tflite", PASSED))))
    assert "UNTRAINED" not in trained
    assert "goldfish" in trained
    assert "giant panda" in trained
    untrained = text(report(tmp_path, manifest(artifact("tflite", PASSED), trained=False)))
    assert "UNTRAINED" in untrained
    assert "goldfish" not in untrained
    assert "class 388" in untrained


def test_labels_are_for_imagenet_only(tmp_path: Path) -> None:
    flowers = manifest(artifact("tflite", PASSED))
    flowers = flowers.model_copy(update={"model": flowers.model.model_copy(update={"num_classes": 102})})
    assert "goldfish" not in text(report(tmp_path, flowers))


def test_a_hazard_names_the_precision_where_a_format_has_several(tmp_path: Path) -> None:
    half, single = (artifact("coreml", PASSED, precision=precision) for precision in ("fp16", "fp32"))
    finding = Finding(
        format="coreml",
        precision="fp16",
        delegate=None,
        graph="classify",
        rule="half-epsilon",
        severity="warning",
        seen_in="program",
        count=1,
        where=("model.norm",),
        detail="an epsilon of 1e-05",
        reason="Half precision has few digits below 6.1e-5.",
        advice="Train with 1e-4.",
        link="https://example.org/19523",
    )
    assert "warning coreml fp16: " in text(report(tmp_path, manifest(half, single, findings=(finding,))))
    assert "warning coreml: " in text(report(tmp_path, manifest(half, findings=(finding,))))


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    hostile = "<script>alert('&')</script>\"><img src=x>"
    content = manifest(
        artifact("tflite", PASSED, file=hostile, operators={hostile: 1}),
        artifact("onnx", FAILED.model_copy(update={"detail": hostile})),
        warnings=(hostile,),
        weights=Weights(kind="file", source=hostile, sha256="b" * 64, trained=True, trained_at=None),
    )
    html = report(tmp_path, content)
    assert "script" not in Tags(html).names
    assert "src=x>" not in html
    assert unescape(html).count(hostile) == 6  # the weights twice


def test_text_from_outside_neither_hides_nor_turns_what_is_around_it(tmp_path: Path) -> None:
    source = "gnp.\u202eexe\u200b\udcff" + 5000 * "a"
    content = manifest(
        artifact("tflite", PASSED),
        weights=Weights(kind="file", source=source, sha256="b" * 64, trained=True, trained_at=None),
    )
    html = report(tmp_path, content)
    assert r"weights: gnp.\u202eexe\u200b\udcffaaa" in text(html)
    assert "more characters" in text(html)
    assert html.replace("\n", "").isprintable()
    assert len(re.findall('<img src="data:image/jpeg;base64,[^"]{600,}"', html)) == PICTURES  # and they are whole


def test_facts_stand_with_unit_and_source_and_what_is_from_memory_is_marked(tmp_path: Path) -> None:
    html = report(tmp_path, manifest(artifact("tflite", PASSED)))
    rows = re.findall(
        r'<th scope="row">([^<]*)</th>\s*<td data-label="Value">(.*?)</td>\s*<td data-label="Source">(.*?)</td>', html
    )
    mark = "<mark>from memory</mark>"
    assert [(fact, value, unescape(source).strip()) for fact, value, source in rows] == [
        ("system on a chip", "Chip 3", "vendor's page"),
        ("CPU cores", "2 big + 4 little", mark),
        ("core names", "2 × Fast", "vendor's page"),
        (
            "highest clocks",
            "Fast 3.46 GHz, little 2 GHz (stated as 1.8-2 GHz)",
            f"vendor's page; the little cores {mark}",
        ),
        ("instruction set", "ARMv9.2 fp16 i8mm", "vendor's page"),
        ("memory", "6 or 8 GB", mark),
        ("memory bandwidth", "51.2 GB/s", mark),
        ("operating system", "Android 14 at launch", "vendor's page"),
    ]
    assert "Preferred: tflite, in fp32 on the CPU. It is the fastest." in text(html)


@pytest.mark.parametrize("name", ["iphone15", "galaxy_s25", "raspberry_pi5", "host"])
def test_a_device_of_every_platform_can_be_reported(tmp_path: Path, name: str) -> None:
    device = device_profiles.load(name)
    seen = text(report(tmp_path, manifest(artifact("tflite", PASSED)), device))
    assert device.name in seen
    assert "None" not in seen


def frame(latency: Latency | None, **changes: Any) -> FrameLatency:
    content = {
        "format": "tflite", "precision": "fp32", "delegate": None, "unit": "cpu", "cores": "1large",
        "graphs": ("classify",), "latency": latency,
        "missing": None if latency else "Nothing is known of it under tflite.",
    }  # fmt: skip
    return FrameLatency.model_validate(content | changes)


LATENCY = Latency(
    ms=12.5,
    low=10,
    high=15,
    method="kernel table",
    detail="3 of its kernels were measured",
    kernels={"conv": 8.0, "depthwise_conv": 4.0},
    kernels_by="gaussian process",
)


def test_no_latency_is_shown_where_none_is_known_but_why(tmp_path: Path) -> None:
    seen = text(report(tmp_path, manifest(artifact("tflite", PASSED), latencies=(frame(None),))))
    assert "nothing is known tflite: no estimate" in seen
    assert "No estimate: Nothing is known of it under tflite." in seen
    assert not re.search(r"\d\s*ms\b", seen)


def test_a_latency_is_shown_with_its_interval_and_where_it_comes_from(tmp_path: Path) -> None:
    seen = text(report(tmp_path, manifest(artifact("tflite", PASSED), latencies=(frame(LATENCY),))))
    assert "tflite: 12.5 ms (10 to 15)" in seen
    assert "tflite on the CPU, cores 1large; classify" in seen
    assert "12.5 ms (10 to 15) with nine chances in ten. Kernel table: 3 of its kernels were measured." in seen


def test_each_kind_of_kernel_has_a_bar_and_what_they_lack_is_overhead(tmp_path: Path) -> None:
    page = report(tmp_path, manifest(artifact("tflite", PASSED), latencies=(frame(LATENCY),)))
    labels = re.findall(r'aria-label="([^"]*): [^"]* ms">', page)
    widths = [float(width) for width in re.findall(r'<rect x="0" y="5" width="([\d.]+)%" height="16"[^>]*/>', page)]
    assert labels == ["in all", "conv", "depthwise conv", "overhead"]
    assert widths[:4] == pytest.approx([80 * ms / 15 for ms in (12.5, 8.0, 4.0, 0.5)], abs=0.01)
    assert "Kernels by kind: gaussian process." in text(page)


def test_a_kind_whose_time_is_in_that_of_others_has_no_bar_of_zero_and_is_named(tmp_path: Path) -> None:
    """Such as a roofline leaves to those that it is fitted by."""
    shared = LATENCY.model_copy(update={"kernels": {"conv": 12.0, "data_movement": 0.0, "softmax": 0.0}})
    page = report(tmp_path, manifest(artifact("tflite", PASSED), latencies=(frame(shared),)))
    assert re.findall(r'aria-label="([^"]*): [^"]* ms">', page) == ["in all", "conv", "overhead"]
    assert "No time of its own is known of data movement, softmax: it is in that of the other kinds." in text(page)


def test_graphs_of_a_frame_that_are_known_alone_are_listed(tmp_path: Path) -> None:
    parts = tuple(
        artifact("tflite", PASSED, graph=name, latency=LATENCY) for name in ("encode_image", "track_step")
    )  # fmt: skip
    both = frame(LATENCY, graphs=("encode_image", "track_step"))
    seen = text(report(tmp_path, manifest(*parts, latencies=(both,))))
    assert "Graph by graph: encode_image 12.5 ms (10 to 15), kernel table; track_step" in seen


def test_of_a_whole_and_of_whole_graphs_kernels_are_shares_and_the_report_says_of_which(tmp_path: Path) -> None:
    shared = LATENCY.model_copy(update={"kernels_by": "share of the total"})
    both = frame(shared, graphs=("encode_image", "track_step"))
    parts = [artifact("tflite", PASSED, graph=name, latency=shared) for name in both.graphs]
    timed = text(report(tmp_path, manifest(*parts, latencies=(both,))))
    assert "share of the total, because only whole graphs are known." in timed
    untimed = [one.model_copy(update={"latency": None}) for one in parts]
    seen = text(report(tmp_path, manifest(*untimed, latencies=(both,))))
    assert "share of the total, because only the whole is known." in seen


def test_the_contract_the_delegation_and_the_census_are_listed(tmp_path: Path) -> None:
    outside = Outside(operator="aten.sum", count=12, macs=0, where=("stages.1.attn",))
    delegation = Delegation(delegate="xnnpack", operators=0.8, macs=0.95, pieces=13, outside=(outside,))
    seen = text(report(tmp_path, manifest(artifact("executorch", PASSED, delegation=delegation))))
    assert "image input 1 × 3 × 8 × 8 float32 NCHW 0 to 255 RGB" in seen
    assert "logits output 1 × 1000 float32 NC unbounded class scores" in seen
    assert "80.0% 95.0% of MACs xnnpack 13 pieces" in seen
    assert "12 × aten.sum (in stages.1.attn)" in seen
    assert "63 operators of 2 kinds CONV_2D 61 ADD 2" in seen
    assert "executorch-tools 1.2.3" in seen
