"""One question, one answer: the best method that knows anything, with where it comes from."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import device_profiles
from latency_db.end_to_end.cells import shipped
from latency_db.end_to_end.features import of_kernel
from latency_db.estimator.cores import impossible
from latency_db.estimator.estimate import NoEstimate
from latency_db.estimator.estimator import METHODS, estimate
from latency_db.estimator.question import question
from latency_db.estimator.rooflines import Priced, of_cell
from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.measurement import Conditions, Latency, Source, Subject
from latency_db.published.estimate import facts_of
from latency_db.registered import shipped_index
from tests.latency_db.estimator.measurements import CPU, GPU, measured
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE, shipped_workload

TTAM = facts_of("efficienttam_s_512x512", 512)
MINE = replace(MOBILEVIT_LIKE, facts=replace(TTAM, model="mine", stated_size=256, size=256))
"""Of which nothing is known but what a test says"""


def prefers(device):
    """Conditions of the runtime whose tables the profile's formats lead to."""
    formats = device.prefer.formats
    return Conditions("coreml" if formats[0] == "coreml" else "tflite", None, None)


@pytest.mark.parametrize("device", device_profiles.all_devices(), ids=lambda device: device.id)
def test_every_profiled_device_answers_under_a_runtime_that_it_prefers(device):
    tried = []
    for conditions in (prefers(device), Conditions("tflite", None, None)):
        assert conditions.runtime in device.prefer.formats
        try:
            found = estimate(MOBILEVIT_LIKE, device.id, conditions)
        except NoEstimate as nothing:
            tried.append(str(nothing))
            continue
        assert 0 < found.low <= found.ms <= found.high
        assert found.reason
        return
    pytest.fail("; ".join(tried))


@pytest.mark.parametrize(
    ("device", "conditions", "method"),
    [
        ("pixel4", GPU, "kernel table"),
        ("pixel4", CPU, "roofline of the cell"),
        ("iphone13", Conditions("coreml", None, None), "regression over published models"),
        ("galaxy_s24", CPU, "alike device"),
        ("galaxy_s24", GPU, "alike device"),
        ("pixel4", Conditions("executorch", "cpu", "fp32"), "alike device"),
        ("iphone15", Conditions("executorch", "cpu", "fp32"), "alike device"),
        ("raspberry_pi5", CPU, "alike device"),
    ],
)
def test_the_best_method_that_knows_anything_answers(device, conditions, method):
    assert estimate(MOBILEVIT_LIKE, device, conditions).method == method


def test_intervals_are_wider_the_less_is_known():
    model = shipped_workload("mobilenetv2_w1", "tflite", "cpu")
    widths = [
        found.high / found.low
        for found in (
            estimate(model, "pixel4", CPU),
            estimate(replace(model, graphs={"a": model.graphs["classify"][:-3]}), "pixel4", CPU),
            estimate(model, "pixel4", Conditions("executorch", "cpu", "fp32", cores="1large")),
            estimate(model, "galaxy_s24", CPU),
            estimate(model, "galaxy_s24", Conditions("executorch", "cpu", "fp32")),
        )
    ]
    assert widths == sorted(widths)
    assert len(set(widths)) == len(widths)


def test_a_model_that_a_cell_has_timed_is_what_was_measured():
    found = estimate(shipped_workload("mobilenetv2_w1", "tflite", "gpu"), "pixel4", GPU)
    assert found.method == "measured"
    assert "mobilenetv2_w1 on pixel4 tflite 2.10 gpu fp32" in found.reason


def test_a_row_of_the_very_model_goes_before_all_else():
    row = measured(Subject.of_model("mine", "classify", (256, 256)), 42.0)
    found = estimate(MINE, "pixel4", CPU, [row])
    assert (found.method, found.ms) == ("measured", 42.0)
    assert found.low < 42.0 < found.high


def test_graphs_that_were_measured_apart_are_added_up():
    facts = replace(TTAM, model="mine", stated_size=256, size=256)
    kernels = MOBILEVIT_LIKE.graphs["classify"]
    workload = Workload({"encode_image": kernels, "track_step": kernels[:5]}, facts)
    rows = [measured(Subject.of_graph("mine", graph, (256, 256)), ms) for graph, ms in
            (("encode_image", 30.0), ("track_step", 4.0))]  # fmt: skip
    found = estimate(workload, "pixel4", CPU, rows)
    assert found.ms == 34.0
    stepped = [one for one in found.kernels if one.graph == "track_step"]
    assert sum(one.ms * one.count for one in stepped) == pytest.approx(4.0)
    assert estimate(workload, "pixel4", CPU, rows[:1]).method != "measured"


def test_a_model_with_a_size_in_its_name_is_the_plain_one_at_that_size():
    row = measured(Subject.of_graph("efficienttam_s", "classify", (512, 512)), 321.0)
    assert estimate(replace(MOBILEVIT_LIKE, facts=TTAM), "pixel4", CPU, [row]).ms == 321.0


def test_of_several_rows_the_latest_good_one_answers():
    subject = Subject.of_model("mine", "classify", (256, 256))
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    rows = [
        measured(subject, 10.0, quality="good", measured_at=days[0]),
        measured(subject, 11.0, quality="good", measured_at=days[1]),
        measured(subject, 19.0, quality="busy", measured_at=days[2]),
        measured(subject, 99.0, quality="suspect", measured_at=days[3]),
    ]
    assert estimate(MINE, "pixel4", CPU, rows).ms == 11.0
    assert estimate(MINE, "pixel4", CPU, rows[2:]).ms == 19.0


def test_a_published_row_of_a_store_is_called_so_and_gives_way_to_what_was_measured():
    own = measured(Subject.of_model("mine", "classify", (256, 256)), 10.0)
    theirs = replace(own, latency=Latency(figure=20.0), source=Source("published", "a table", "MIT"))
    found = estimate(MINE, "pixel4", CPU, [theirs])
    assert (found.method, found.ms) == ("published", 20.0)
    assert found.high / found.low > 2
    assert estimate(MINE, "pixel4", CPU, [own, theirs]).ms == 10.0


@pytest.mark.parametrize(
    "other",
    [
        replace(CPU, runtime="executorch"),
        replace(CPU, unit="gpu"),
        replace(CPU, precision="int8"),
        replace(CPU, cores="4small"),
        replace(CPU, cores="", threads=4),
        replace(CPU, cores="1large", threads=2),
    ],
)
def test_a_row_under_other_conditions_does_not_answer(other):
    row = measured(Subject.of_model("mine", "classify", (256, 256)), 42.0, other)
    assert estimate(MINE, "pixel4", CPU, [row]).method != "measured"


def test_a_row_without_threads_and_cores_is_of_the_default_ones_only():
    row = measured(Subject.of_model("mine", "classify", (256, 256)), 42.0, replace(CPU, cores=""))
    assert estimate(MINE, "pixel4", CPU, [row]).ms == 42.0
    assert estimate(MINE, "pixel4", replace(CPU, cores="4small"), [row]).method != "measured"
    assert estimate(MINE, "pixel4", replace(CPU, cores="", threads=4), [row]).method != "measured"


def test_a_row_of_four_threads_is_of_the_four_fastest_cores():
    row = measured(Subject.of_model("mine", "classify", (256, 256)), 42.0, replace(CPU, cores="", threads=4))
    assert estimate(MINE, "pixel4", replace(CPU, cores="1large3med"), [row]).ms == 42.0


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"threads": 2, "cores": "4small"}, "4small are not 2"),
        ({"cores": "8large"}, "pixel4 has cores 1large3med4small"),
        ({"threads": 9}, "8 cores"),
        ({"unit": "gpu", "cores": "1large"}, "the gpu was asked for"),
        ({"unit": "gpu", "threads": 2}, "the gpu was asked for"),
    ],
)
def test_threads_and_cores_that_there_are_not_are_refused(stated, words):
    conditions = Conditions(**{"runtime": "tflite", "unit": None, "precision": None} | stated)
    with pytest.raises(ValueError, match=words):
        estimate(MOBILEVIT_LIKE, "pixel4", conditions)


def test_every_cell_is_of_cores_that_its_phone_has():
    for cell in shipped().cells:
        assert not impossible(cell.device, cell.cores, None)


@pytest.mark.parametrize(
    ("device", "conditions"),
    [
        ("pixel4", replace(CPU, precision="fp16")),
        ("pixel4", replace(GPU, precision="fp16")),
        ("pixel4", Conditions("pytorch", "gpu", "fp16")),
        ("galaxy_s24", replace(GPU, precision="fp16")),
    ],
)
def test_fp16_that_fp32_answers_is_said_once(device, conditions):
    assert estimate(MOBILEVIT_LIKE, device, conditions).reason.count("fp16 answered by fp32") == 1


def test_what_was_measured_in_fp16_is_answered_by_itself():
    row = measured(Subject.of_model("mine", "classify", (256, 256)), 42.0, replace(CPU, precision="fp16"))
    found = estimate(MINE, "pixel4", replace(CPU, precision="fp16"), [row])
    assert found.ms == 42.0
    assert "fp32" not in found.reason


def test_what_nobody_stated_is_said_with_what_was_taken():
    reason = estimate(MOBILEVIT_LIKE, "galaxy_s24", Conditions("tflite", None, None)).reason
    assert "(on the CPU, in fp32, on cores 1large, as nothing else was said)" in reason


def test_the_row_of_a_published_model_is_its_estimate():
    workload = replace(MOBILEVIT_LIKE, facts=TTAM)
    found = estimate(workload, "iphone15_pro_max", Conditions("coreml", None, None))
    assert (found.method, found.ms) == ("published", 80.6)
    assert any(row.ms == 80.6 for row in found.rows)


def test_kernels_add_up_to_a_total_that_alone_is_known():
    found = estimate(MOBILEVIT_LIKE, "iphone13", Conditions("coreml", None, None))
    assert sum(one.ms * one.count for one in found.kernels) == pytest.approx(found.ms)
    assert {one.method for one in found.kernels} == {"share of the total"}


def test_every_kernel_is_listed_with_its_method():
    found = estimate(MOBILEVIT_LIKE, "pixel4", GPU)
    kernels = MOBILEVIT_LIKE.graphs["classify"]
    assert {one.kernel for one in found.kernels} == set(kernels)
    assert sum(one.count for one in found.kernels) == len(kernels)
    assert {one.method for one in found.kernels} == {"kernel table", "outside the table", "unknown"}
    assert 0 < found.coverage < 1


def test_kernels_that_cost_nothing_in_a_cell_are_not_said_to_take_no_time():
    """Some rooflines price transpositions at nothing."""
    turned = Kernel("data_movement", ("transpose",), ((1, 64, 32),), ((1, 32, 64),))
    workload = Workload({"turn": (turned,)})
    cells = [cell for cell in shipped().cells.values() if not of_kernel(turned) @ cell.coefficients]
    assert cells
    for cell in cells:
        assert of_cell(question(workload, cell.id.device, CPU), Priced(cell, cell.coefficients)) is None


@pytest.mark.parametrize("runtime", ["onnx", "qnn"])
def test_where_nothing_is_known_the_refusal_says_what_there_is(runtime):
    with pytest.raises(NoEstimate, match=r"ask for .*tflite on cpu.* or measure there"):
        estimate(MOBILEVIT_LIKE, "galaxy_s24", Conditions(runtime, None, None))


def test_what_is_known_of_the_unit_that_is_asked_comes_first():
    model = shipped_index().workload("mobilevit_s", 256, "executorch", "npu")
    with pytest.raises(NoEstimate) as refused:
        estimate(model, "galaxy_s25", Conditions("executorch", "npu", None))
    there = str(refused.value).partition(": ask for ")[2]
    assert there == (
        "tflite on npu, onnx on npu, executorch on cpu, pytorch on cpu, pytorch on gpu, tflite on cpu, tflite on gpu, "
        "or measure there with `vitexport bench --pack`"
    )


@pytest.mark.parametrize("device", ["pixel8", "raspberry_pi5"])
def test_core_ml_runs_on_apple_systems_only(device):
    refusal = r"^Core ML runs on Apple systems only: ask for executorch on cpu, .*on gpu$"
    with pytest.raises(NoEstimate, match=refusal):
        estimate(MOBILEVIT_LIKE, device, Conditions("coreml", None, None))


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("host", "on the cpu in fp32: ask for tflite on cpu, or run "),
        ("chrome_on_pixel4", "ask for tflite on cpu; its"),
    ],
)
def test_where_the_model_was_timed_under_another_runtime_that_is_named(device, words):
    model = shipped_index().workload("mobilevit_s", 256, "onnx", "cpu")
    row = measured(
        Subject.of_model("mobilevit_s", "", (256, 256)), 20.0, Conditions("tflite", "cpu", "fp32", threads=2), device
    )
    with pytest.raises(NoEstimate) as refused:
        estimate(model, device, Conditions("onnx", None, None), [row])
    assert words in str(refused.value)


def test_this_machine_answers_from_its_own_measurements_only():
    with pytest.raises(NoEstimate, match="vitexport bench --kernels"):
        estimate(MOBILEVIT_LIKE, "host", Conditions("onnx", None, None))


def test_a_device_that_nobody_knows_is_refused():
    with pytest.raises(device_profiles.UnknownDevice):
        estimate(MOBILEVIT_LIKE, "nokia3310", CPU)


@pytest.mark.parametrize(
    ("workload", "conditions", "words"),
    [
        (MOBILEVIT_LIKE, Conditions(None, "cpu", "fp32"), "name one, such as tflite"),
        (Workload({"classify": ()}), CPU, "without kernels"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(workload, conditions, words):
    with pytest.raises(ValueError, match=words):
        question(workload, "pixel4", conditions)


def test_methods_are_asked_in_the_order_of_what_they_know():
    assert [method.__name__ for method in METHODS] == [
        "from_measurements",
        "from_shipped_models",
        "from_shipped_table",
        "from_own_table",
        "from_roofline",
        "from_anchor_kernels",
        "from_anchor_models",
        "from_published_rows",
        "from_sister_device",
        "from_regression",
        "from_alike_device",
    ]


def test_no_toolchain_and_no_database_is_needed():
    program = (
        "import sys; from latency_db.estimator.estimator import estimate; "
        "from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE; "
        "from latency_db.measurement import Conditions; "
        "estimate(MOBILEVIT_LIKE, 'pixel4', Conditions('tflite', 'gpu', 'fp32')); "
        "sys.exit(bool({'torch', 'scipy', 'sqlalchemy', 'exporter'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
