"""What is said of fewer bits: whether they pay, and whether they cost too much."""

import pytest

from exporter.manifest import Compression, Lossy, Sensitivity, Speed
from exporter.verify.shortfalls import least_sqnr, shortfalls, speed_of
from exporter.verify.tolerances import TOLERANCES


@pytest.fixture
def judged(bundles):
    """A manifest with one artefact in int8: this much faster, this far from PyTorch."""

    def manifest(full_ms, short=(), sqnr=27.0):
        whole = bundles["mobilevit"].manifest
        one = next(artifact for artifact in whole.artifacts if artifact.format == "tflite")
        outputs = {name: parity.model_copy(update={"sqnr": sqnr}) for name, parity in one.verification.outputs.items()}
        verification = one.verification.model_copy(
            update={"tolerance": TOLERANCES["int8"].outputs, "short": short, "outputs": outputs}
        )
        narrow = one.model_copy(update={"precision": "int8", "verification": verification})
        compression = Compression(
            format="tflite",
            precision="int8",
            delegate=None,
            full="fp32",
            size=0.31,
            speeds=() if full_ms is None else (Speed(graph="classify", ms=10.0, full_ms=full_ms),),
            quantised={"classify": "all"},
            calibration="",
        )
        changes = {"artifacts": (narrow,), "variants": (narrow.variant,), "compressions": (compression,)}
        return whole.model_copy(update=changes)

    return manifest


@pytest.mark.parametrize(
    ("full_ms", "short", "expected"),
    [
        (20.0, (), []),
        (None, (), []),
        (9.7, (), []),
        (7.0, (), ["tflite int8 runs 0.70 times as fast as fp32 here: it is smaller, but slower."]),
        (20.0, ("logits is noise",), ["tflite int8 is too far from PyTorch: logits is noise."]),
        (
            7.0,
            ("logits is noise",),
            ["tflite int8 is too far from PyTorch (logits is noise), and slower than fp32 here: leave it out."],
        ),
    ],
    ids=["good", "not timed", "as fast", "slower", "noisy", "both"],
)
def test_there_is_a_sentence_only_where_fewer_bits_do_not_pay(judged, full_ms, short, expected):
    assert shortfalls(judged(full_ms, short)) == expected


def test_where_most_is_lost_is_said_of_a_graph_that_is_too_far_off(judged):
    manifest = judged(20.0, ("logits is noise",))
    head = Lossy(operator="aten.linear.default", module="head", sqnr=15.0, weights=None)
    calibrated = manifest.compressions[0].model_copy(update={"calibration": "pictures"})

    def sentence(graph, worst=(head,)):
        lost = Sensitivity(graph=graph, sqnr=14.0, kinds={}, worst=worst)
        return shortfalls(manifest.model_copy(update={"compressions": (calibrated,), "sensitivities": (lost,)}))[0]

    assert sentence("classify").endswith("logits is noise; no operator loses more than head (aten.linear.default).")
    assert sentence("another").endswith("logits is noise.")
    assert sentence("classify", ()).endswith("logits is noise.")


def test_figures_are_those_of_what_runs_on_every_frame(judged):
    manifest = judged(20.0)
    (compression,) = manifest.compressions
    prompted = Speed(graph="prompt_points", ms=1.0, full_ms=100.0)
    both = compression.model_copy(update={"speeds": (*compression.speeds, prompted)})
    assert speed_of(manifest, both) == 2.0
    assert least_sqnr(manifest, compression) == 27.0
