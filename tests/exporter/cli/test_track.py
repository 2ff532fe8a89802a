"""`vitexport track`: objects through a video."""

from pathlib import Path

import pytest

from tests.exporter.cli.command_line import assert_one_sentence, run


def test_help_says_which_pixels_prompts_are_in():
    assert "in pixels of the video as a player shows it" in " ".join(run("track", "--help").stdout.split())


def test_a_video_that_is_cut_short_is_named(tracker_bundle, clip, tmp_path):
    short = tmp_path / "short.mp4"
    short.write_bytes(Path(clip).read_bytes()[:-300])
    done = run("track", str(tracker_bundle.path), str(short), "--point", "30,20", "--out", str(tmp_path / "out.mp4"))
    assert done.returncode == 0
    assert "CUT SHORT: " in done.stdout
    assert "of 4 frames" in done.stdout


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "There is no prompt"),
        (["--point", "640,10"], "outside the frame, which is 64 x 48"),
        (["--point", "here"], "--point takes x,y"),
        (["--point", "5,5,inf"], "--point takes x,y"),
        (["--point", "5,5,0.7"], "label of a point"),
        (["--point", "5,5", "--object"], "after each --object"),
        (["--box", "1,2,3"], "--box takes left,top,right,bottom"),
        (["--box", "1,2,3,4", "--box", "1,2,3,4"], "put --object before"),
        (["--mask", "nothing.png"], "nothing.png"),
        (["--point", "1,1", "--start", "9"], "ends before frame 9"),
        (["--point", "1,1", "--precision", "fp16"], "fp16"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence_and_leaves_nothing(tracker_bundle, clip, tmp_path, options, complaint):
    out = tmp_path / "out" / "out.mp4"
    assert_one_sentence(run("track", str(tracker_bundle.path), clip, *options, "--out", str(out)), complaint)
    assert not out.parent.exists() or not list(out.parent.iterdir())
