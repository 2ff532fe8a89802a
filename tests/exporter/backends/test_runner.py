"""Running a loaded artefact on several inputs."""

from exporter.backends.runner import run_all


def test_a_time_box_ends_the_run_after_the_input_that_it_ran_out_in(bundles):
    bundle = bundles["mobilevit"]
    given, _ = bundle.vectors("classify")
    runner, seen = bundle.runner("onnx", "classify"), []
    results = run_all(runner, given, seconds=0, progress=lambda done, count: seen.append((done, count)))
    assert (len(results["logits"]), seen) == (1, [(0, len(given["image"]))])
