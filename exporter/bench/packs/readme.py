"""The README.txt inside a kernel pack: how to time it without anything of this program."""

from __future__ import annotations

from device_profiles.browser import RUNS
from latency_db.packs import PackManifest

_RUN = {
    "tflite": """\
With LiteRT's benchmark_model (the command-line tool for android_arm64, see
https://ai.google.dev/edge/litert/models/measurement), over adb:

    adb push benchmark_model kernels /data/local/tmp/
    adb shell chmod 755 /data/local/tmp/benchmark_model
    adb shell /data/local/tmp/benchmark_model --graph=/data/local/tmp/FILE \\
        --num_threads=1 --warmup_runs=5 --num_runs=50 --min_secs=0.2{unit}

FILE is as in manifest.json. It prints microseconds: divide by 1000. All of this, for every kernel, does

    vitexport bench --adb --pack THIS.zip --benchmark-model benchmark_model
{browser}""",
    "executorch": """\
With ExecuTorch's executor_runner (built for Android with XNNPACK), over adb:

    adb push executor_runner kernels /data/local/tmp/
    adb shell chmod 755 /data/local/tmp/executor_runner
    adb shell /data/local/tmp/executor_runner --model_path=/data/local/tmp/FILE --num_executions=50

Time the runs after the first few.
""",
    "onnx": """\
With onnxruntime_perf_test, or any program that loads a file into ONNX Runtime, fills its inputs with numbers between
0 and 1 and times the runs after the first few.
{browser}""",
    "coreml": """\
With an app: compile each model with MLModel.compileModel(at:), load it with the computeUnits {unit}, fill its inputs
with numbers between 0 and 1, and time the predictions after the first few.
""",
}

_BROWSER = """
In a browser on any device, without any other program: `vitexport serve app --https --pack THIS.zip` says where.
"""

_OPTIONS: dict[tuple[str, str], str] = {
    ("tflite", "gpu"): " --use_gpu=true --gpu_precision_loss_allowed=true",
    ("coreml", "all"): ".all",
    ("coreml", "cpu"): ".cpuOnly",
    ("coreml", "gpu"): ".cpuAndGPU",
    ("coreml", "npu"): ".cpuAndNeuralEngine",
}
"""(runtime, unit) -> what asks the program for it, where the text above has room for that"""

_TEXT = """\
{count} kernels of vision transformers as {runtime} artefacts, as it runs them {where}
made by {made_by} for {target}; any other device may run them

manifest.json lists them in the order in which they are best measured: the first 30 already give a useful table, and
each one after that makes it better. Measure as many as there is time for.

{run}
What to keep in mind
  * the screen on, no other app, the device cool and not charging
  * a fixed number of threads; some runs that are not timed before those that are
  * note the thermal state, and stop where the device gets hot
  * an input that manifest.json calls channels_last lies in memory with its channels last

The result: a JSON file, for `vitexport latency import RESULT.json`. Times are milliseconds; a kernel needs p50 or mean,
and p90, p99, std, n (runs), warmup and thermal may be said for each.

{{"schema": 1,
 "pack_sha256": "{sha256}",
 "device": {{"model": "Pixel 8", "os": "Android 14", "soc": "Tensor G3"}},
 "backend": "{runtime}", "backend_version": "", "compute_unit": "{unit}", "threads": 1,
 "warmup": 5, "n": 50, "method": "name of the program", "app_version": "its version",
 "thermal": {{"start": "none", "end": "light"}}, "started_at": "2026-11-01T10:00:00Z",
 "kernels": {{"{key}": {{"p50": 1.25, "p90": 1.5}}}}}}

Keys are those of manifest.json, and its SHA-256 is `pack_sha256`: what is not of this pack is refused.
"""


def readme(manifest: PackManifest, sha256: str) -> str:
    """For a pack whose manifest has this SHA-256."""
    asked = _OPTIONS.get((manifest.runtime, manifest.unit), "")
    browser = _BROWSER if manifest.unit in RUNS.get(manifest.runtime, ()) else ""
    return _TEXT.format(
        count=len(manifest.kernels),
        runtime=manifest.runtime,
        where="wherever it chooses" if manifest.unit == "all" else f"on the {manifest.unit}",
        unit=manifest.unit,
        made_by=manifest.made_by,
        target=manifest.target,
        run=_RUN[manifest.runtime].replace("{unit}", asked).replace("{browser}", browser),
        sha256=sha256,
        key=manifest.kernels[0].key,
    )
