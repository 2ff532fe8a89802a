"""What cannot be done is said in a sentence before any work: no toolchain is imported for it."""

import json
import subprocess
import sys

import pytest

from exporter.budgets import OBJECTS
from exporter.errors import BackendError, PromptError, VideoError
from exporter.inference.prompts import Prompt, check_objects
from tests.exporter.cli.command_line import assert_one_sentence, run

REFUSED = {
    ("mobilevit_s", "--out", "/proc/build"): "--out /proc/build cannot be written to",
    ("mobilevit_s", "--out", "/dev/null"): "--out /dev/null needs a folder where there is a file",
    ("mobilevit_s", "--out", "caf\udce9"): "'caf\\udce9' is no name of a file",
    ("mobilevit_s", "--out", "x" * 300): "is longer than names may be here",
    ("mobilevit_s", "--weights", "/dev/zero"): "/dev/zero is a device and no file",
    ("mobilevit_s", "--weights", "caf\udce9.pt"): "'caf\\udce9.pt' is no name of a file",
    ("mobilevit_s", "--workers", "100000"): "--workers 100000 is out of range: pass a number from 1 to 256",
    ("mobilevit_s", "--image-size", "1000000"): "--image-size 1000000 is out of range",
    ("mobilevit_s", "--num-classes", "9" * 30): "is out of range: pass a number from 1 to 100000",
    ("lint", "mobilevit_s", "--image-size", "0"): "--image-size 0 is out of range",
    ("run", "bundle", "a.jpg", "--threads", "100000"): "--threads 100000 is out of range: pass a number from 1 to 512",
    ("track", "bundle", "a.mp4", "--threads", "0"): "--threads 0 is out of range",
    ("track", "bundle", "a.mp4", "--start", "9" * 30): "is not in the range",
    ("run", "bundle", "a.jpg", "--out", "/proc/a.png"): "--out /proc/a.png cannot be written to",
    ("track", "bundle", "a.mp4", "--out", "/proc/a.mp4"): "--out /proc/a.mp4 cannot be written to",
    ("verify", "caf\udce9"): "'caf\\udce9' is no name of a file",
}
"""A command line -> what it says"""

TOOLCHAINS = """
import json, sys
from exporter.cli import main
for arguments in json.loads(sys.stdin.read()):
    sys.argv = ["vitexport", *arguments]
    try:
        main()
    except SystemExit:
        pass
print(sorted({"torch", "coremltools", "executorch", "litert_torch", "onnxruntime"} & set(sys.modules)))
"""


@pytest.mark.parametrize(("arguments", "complaint"), REFUSED.items(), ids=REFUSED.values())
def test_it_is_one_sentence_and_exit_code_two(arguments, complaint):
    assert_one_sentence(run(*arguments), complaint)


def test_nothing_heavy_is_imported_for_it():
    given = json.dumps([*REFUSED])
    done = subprocess.run([sys.executable, "-c", TOOLCHAINS], input=given, capture_output=True, text=True, check=True)
    assert done.stderr.count("vitexport: ") == len(REFUSED)
    assert done.stdout == "[]\n"


def test_more_objects_than_a_mask_can_number_are_refused(tracker_bundle, clip):
    many = [part for _ in range(OBJECTS.most + 1) for part in ("--object", "--point", "9,9")]
    complaint = "Each frame has 256 objects, and at most 255 are taken: follow fewer at once."
    assert_one_sentence(run("track", str(tracker_bundle.path), clip, *many), complaint)
    with pytest.raises(PromptError, match="numbered from 1 to 255, not 300"):
        Prompt(points=[(9, 9)], labels=[1], number=300).check(64, 48)


def test_masks_that_do_not_fit_into_memory_are_refused():
    check_objects(255, 1920, 1080)
    with pytest.raises(PromptError, match="has 4,278,190,080 pixels of masks, and at most 1,073,741,824 are taken"):
        check_objects(255, 4096, 4096)


def test_the_api_refuses_what_the_command_line_does(tracker_bundle, clip, tmp_path):
    with pytest.raises(BackendError, match="--threads 100000 is out of range"):
        tracker_bundle.runner("onnx", "encode_image", threads=100_000)
    from exporter import track_file

    prompt = Prompt(points=[(9, 9)], labels=[1])
    for out, first, complaint in (("/proc/a.mp4", 0, "cannot be written to"), (tmp_path / "a.mp4", 10**30, "frames")):
        with pytest.raises(VideoError, match=complaint):
            track_file(tracker_bundle, clip, [prompt], out, first)
