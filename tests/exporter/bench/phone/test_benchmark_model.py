"""What benchmark_model prints, as it stands in public reports of several of its builds."""

import pytest

from exporter.bench.phone.benchmark_model import DELEGATES, NoTimings, Settings, Timings, timings

ON_GPU = """\
Loaded model /data/local/tmp/model.tflite
INFO: Created TensorFlow Lite delegate for GPU.
Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate.
Initialized session in 870.557ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=4 first=130565 curr=120829 min=117370 max=130565 avg=122373 std=4930

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=119212 curr=118055 min=113737 max=124776 avg=119375 std=1948

Inference timings in us: Init: 870557, First inference: 130565, Warmup (avg): 122373, Inference (avg): 119375
"""

WITH_PERCENTILES = """\
INFO: count=3 first=195121 curr=140990 min=140071 max=195121 avg=2.11669e+05 std=1358 p5=140545 median=141253 p95=187533
INFO: count=25 first=187533 curr=140990 min=140071 max=195121 avg=145528 std=13583 p5=140545 median=141253 p95=187533
INFO: Inference timings in us: Init: 92318, First inference: 187533, Warmup (avg): 211669, Inference (avg): 1.45528e+05
"""

OF_ONE_RUN = """\
count=1 curr=3512391
count=1 curr=2990275
Inference timings in us: Init: 17187, First inference: 3512391, Warmup (avg): 3.51239e+06, Inference (avg): 2.95034e+06
"""


def test_times_are_those_of_the_runs_that_count():
    assert timings(ON_GPU, "gpu") == Timings(n=50, warmup=4, mean=119.375, std=1.948, p50=None)


def test_a_build_that_prints_the_median_gives_it():
    found = timings(WITH_PERCENTILES, "cpu")
    assert (found.n, found.warmup) == (25, 3)
    assert (found.mean, found.p50) == (pytest.approx(145.528), pytest.approx(141.253))


def test_one_run_deviates_by_nothing_that_is_known():
    assert timings(OF_ONE_RUN, "cpu") == Timings(n=1, warmup=1, mean=2950.34, std=None, p50=None)


def test_what_the_gpu_left_to_the_cpu_is_no_time_of_the_gpu():
    for said in ("partially executed by the delegate w/ 44 delegate kernels", "will not be executed by the delegate"):
        output = ON_GPU.replace("completely executed by the delegate", said)
        with pytest.raises(NoTimings, match="the GPU does not run all of it"):
            timings(output, "gpu")
        assert timings(output, "cpu").n == 50


@pytest.mark.parametrize("output", ["", "ERROR: Failed to load model", ON_GPU.replace("Inference timings", "None")])
def test_an_output_without_times_is_refused_with_its_last_line(output):
    last = output.strip().splitlines()[-1][:20] if output else "nothing"
    with pytest.raises(NoTimings, match=f"gave no times.*{last}"):
        timings(output, "cpu")


def test_it_is_told_everything_that_decides_a_time():
    told = Settings(threads=2, warmup=3, runs=10).arguments("/data/local/tmp/k.tflite", "cpu")
    assert told == [
        "--graph=/data/local/tmp/k.tflite",
        "--num_threads=2",
        "--warmup_runs=3",
        "--warmup_min_secs=0.05",
        "--num_runs=10",
        "--min_secs=0.2",
        "--max_secs=20",
        "--use_gpu=false",
    ]


def test_it_is_told_whether_the_gpu_may_compute_in_half_precision():
    told = Settings().arguments("/data/local/tmp/k.tflite", "gpu")
    assert told[-2:] == ["--use_gpu=true", "--gpu_precision_loss_allowed=true"]
    assert DELEGATES["gpu"] == "gpu, fp16 allowed"
