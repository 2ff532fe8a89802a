"""`vitexport bench --pack` and `--adb`: what does not go together is refused before the work."""

import pytest

from tests.exporter.cli.command_line import assert_one_sentence, run


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "Pass either a BUNDLE to time, or --kernels, or --pack with or without --adb."),
        (("bundle", "--pack", "k.zip"), "Pass either a BUNDLE to time, or --kernels, or --pack"),
        (("--pack", "k.zip"), "--pack needs --target, the phone that it is for, or browser."),
        (("--pack", "k.tar", "--target", "pixel8"), "A kernel pack is a zip: pass --pack k.zip."),
        (("--pack", "k.zip", "--target", "pixle8"), "pixel8"),
        (("--pack", "k.zip", "--target", "pixel8", "--format", "coreai"), "There are no kernel packs in coreai"),
        (("--pack", "k.zip", "--target", "pixel8", "--format", "onnx", "--format", "tflite"), "A pack has one format"),
        (("--pack", "k.zip", "--target", "pixel8", "--serial", "X"), "--serial and --benchmark-model are for --adb"),
        (("bundle", "--target", "pixel8"), "--target, --unit and --model are for --pack and --adb"),
        (("bundle", "--unit", "cpu"), "--target, --unit and --model are for --pack and --adb"),
        (("--pack", "k.zip", "--target", "pixel8", "--unit", "all"), "tflite does not choose where kernels run"),
        (("--pack", "k.zip", "--target", "browser", "--format", "coreml"), "No browser runs kernels in coreml with"),
        (
            ("--pack", "k.zip", "--target", "browser", "--unit", "gpu"),
            "No browser runs kernels in tflite with --unit",
        ),
        (
            ("--pack", "k.zip", "--target", "chrome_on_pixel8", "--unit", "npu", "--format", "onnx"),
            "pass --format tflite with --unit cpu, or --format onnx with --unit cpu or gpu.",
        ),
        (("--adb",), "--adb needs --pack ZIP and --benchmark-model PROGRAM."),
        (("--adb", "--pack", "k.zip", "--benchmark-model", "b"), "k.zip is not there: pass --target"),
        (("--adb", "--pack", "k.zip", "--benchmark-model", "b", "--unit", "npu"), "on the cpu or the gpu"),
        (("--adb", "--pack", "no.zip", "--benchmark-model", "b", "--target", "pixle8"), "pixel8"),
        (("--adb", "--pack", "no.zip", "--benchmark-model", "b"), "no.zip is no kernel pack"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no.zip").write_text("no zip")
    database = f"sqlite:///{tmp_path / 'latency.sqlite3'}"
    assert_one_sentence(run("bench", *arguments, "--db", database), complaint)
    assert not (tmp_path / "k.zip").exists()
