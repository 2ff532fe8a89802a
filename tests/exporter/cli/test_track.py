"""`vitexport track`: objects through a video."""

import pytest

from tests.exporter.cli.command_line import assert_one_sentence, run


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
