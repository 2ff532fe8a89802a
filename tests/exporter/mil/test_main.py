"""python -m exporter.mil"""

import os
import subprocess
import sys
from pathlib import Path

import coremltools as ct
import numpy as np
import pytest
from click.testing import CliRunner
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import get_new_symbol

import exporter
from exporter.errors import VitexportError
from exporter.mil.__main__ import main
from exporter.toolchain_noise import quiet


def ran(*arguments) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_without_inputs_it_says_what_the_program_takes(packages):
    assert ran(packages("mobilevit").path) == "input   image  fp32 [1, 3, 96, 96]\noutput  logits  fp32 [1, 16]\n"


def test_it_writes_the_outputs(packages, tmp_path):
    packaged = packages("mobilevit")
    np.savez(tmp_path / "inputs.npz", **packaged.given)
    printed = ran(packaged.path, tmp_path / "inputs.npz", "--out", tmp_path / "outputs.npz")
    assert printed.startswith("logits  float32 [1, 16]  from ")
    logits = np.load(tmp_path / "outputs.npz")["logits"]
    assert np.abs(logits - packaged.expected["logits"]).max() <= 1e-4 * np.abs(logits).max()


def test_in_half_precision_it_says_what_is_lost_first(packages, tmp_path):
    packaged = packages("mobilevit")
    np.savez(tmp_path / "inputs.npz", **packaged.given)
    inputs = packaged.path, tmp_path / "inputs.npz", "--arithmetic", "fp16"
    assert "No operation loses more than 0.02 of its range." in ran(*inputs)
    assert "in half precision" in ran(*inputs, "--share", "1e-6").splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("inputs.npz", lambda path: path.write_text("no arrays")),
        ("inputs.npz", lambda path: path.write_bytes(b"")),
        ("inputs.npz", lambda path: path.write_bytes(b"PK\x03\x04 no archive")),
        ("inputs.npy", lambda path: np.save(path, np.zeros(3))),
    ],
)
def test_a_file_that_holds_no_arrays_is_refused_in_words(packages, tmp_path, name, write):
    write(tmp_path / name)
    with pytest.raises(VitexportError, match=rf"{name} is no \.npz file of arrays"):
        ran(packages("mobilevit").path, tmp_path / name)


def test_arrays_of_text_are_refused_in_words(packages, tmp_path):
    np.savez(tmp_path / "inputs.npz", image=np.array(["a photo"]))
    with pytest.raises(VitexportError, match="holds arrays that are no numbers"):
        ran(packages("mobilevit").path, tmp_path / "inputs.npz")


def test_a_pipe_in_place_of_arrays_is_refused_and_does_not_hang(packages, tmp_path):
    os.mkfifo(tmp_path / "inputs.npz")
    with pytest.raises(VitexportError, match=r"inputs\.npz is a pipe and no file"):
        ran(packages("mobilevit").path, tmp_path / "inputs.npz")


def classifying(saved, labels):
    """A classifier whose input is its probabilities."""

    @mb.program(input_specs=[mb.TensorSpec((1, len(labels)))], opset_version=ct.target.iOS16)
    def program(x):
        return mb.identity(x=x, name="probabilities")

    return saved(program, classifier_config=ct.ClassifierConfig(labels))


def test_of_a_classifier_it_shows_the_label_and_the_most_probable_classes(saved, tmp_path):
    package = classifying(saved, ["cat", "dog", "bird", "fish", "cow", "hen"])
    probabilities = np.float32([[0.15, 0.328, 0.246, 0.276, 0, 0]])
    np.savez(tmp_path / "inputs.npz", x=probabilities)
    assert ran(package, tmp_path / "inputs.npz", "--out", tmp_path / "outputs.npz").splitlines() == [
        "classLabel  dog",
        "classLabel_probs  float32 [6]  from 0 to 0.328",
        *("    0.328  dog", "    0.276  fish", "    0.246  bird", "    0.150  cat", "    0.000  cow"),
    ]
    with np.load(tmp_path / "outputs.npz") as written:
        assert written["classLabel"].item() == "dog"
        assert written["classLabel_probs"].tolist() == probabilities[0].tolist()


def test_labels_are_printed_as_they_are(saved, tmp_path):
    np.savez(tmp_path / "inputs.npz", x=np.float32([[0.25, 0.75]]))
    printed = ran(classifying(saved, ["cat", "\x1b[2J\ndog\u202e"]), tmp_path / "inputs.npz").splitlines()
    assert printed[0] == r"classLabel  \x1b[2J\ndog\u202e"
    assert printed[2] == r"    0.750  \x1b[2J\ndog\u202e"


def test_the_label_may_be_a_number(saved, tmp_path):
    np.savez(tmp_path / "inputs.npz", x=np.float32([[0.25, 0.75]]))
    assert ran(classifying(saved, [70, 80]), tmp_path / "inputs.npz").splitlines()[0] == "classLabel  80"


def test_without_inputs_it_names_the_classes(saved):
    lines = ran(classifying(saved, [f"class {number}" for number in range(7)])).splitlines()
    assert lines[1:] == [
        "output  classLabel  string []  of class 0, class 1, class 2, class 3, class 4, 2 further classes",
        "output  classLabel_probs  fp32 [7]  of class 0, class 1, class 2, class 3, class 4, 2 further classes",
    ]


def times(factor):
    @mb.program(input_specs=[mb.TensorSpec((2,))], opset_version=ct.target.iOS18)
    def program(x):
        return mb.mul(x=x, y=factor, name="y")

    return program


@pytest.fixture
def functions(saved):
    """A package of the functions main and negated, which is the default one."""
    descriptor = ct.utils.MultiFunctionDescriptor()
    for name, factor in (("main", 1.0), ("negated", -1.0)):
        descriptor.add_function(str(saved(times(factor), name)), "main", name)
    descriptor.default_function_name = "negated"
    with quiet("coremltools"):
        ct.utils.save_multifunction(descriptor, str(saved.folder / "functions.mlpackage"))
    return saved.folder / "functions.mlpackage"


def test_without_inputs_it_names_the_functions_where_there_are_several(functions):
    signature = ["input   x  fp32 [2]", "output  y  fp32 [2]"]
    assert ran(functions).splitlines() == ["function  negated  default  described below", "function  main", *signature]
    chosen = ran(functions, "--function", "main").splitlines()
    assert chosen == ["function  negated  default", "function  main  described below", *signature]


def test_the_function_can_be_named(functions, tmp_path):
    np.savez(tmp_path / "inputs.npz", x=np.float32([1, 2]))
    assert ran(functions, tmp_path / "inputs.npz") == "y  float32 [2]  from -2 to -1\n"
    assert ran(functions, tmp_path / "inputs.npz", "--function", "main") == "y  float32 [2]  from 1 to 2\n"


def test_it_says_what_is_no_rgb_image_and_what_may_be_left_out(saved):
    @mb.program(input_specs=[mb.TensorSpec((1, 3, 2, 2)), mb.TensorSpec((1,))], opset_version=ct.target.iOS16)
    def program(x, shift):
        return mb.greater(x=mb.add(x=x, y=shift), y=1.0, name="y")

    image = ct.ImageType(name="x", shape=(1, 3, 2, 2), color_layout=ct.colorlayout.BGR)
    optional = ct.TensorType(name="shift", shape=(1,), default_value=np.float32([0.5]))
    lines = ran(saved(program, inputs=[image, optional])).splitlines()
    assert lines[:2] == ["input   x  fp32 [1, 3, 2, 2]  BGR", "input   shift  fp32 [1]  0.5 if left out"]


def test_inputs_of_flexible_shape_have_that_of_what_is_given(saved, tmp_path):
    @mb.program(input_specs=[mb.TensorSpec((1, get_new_symbol()))], opset_version=ct.target.iOS16)
    def program(x):
        return mb.relu(x=x, name="y")

    package = saved(program, inputs=[ct.TensorType(name="x", shape=(1, ct.RangeDim(1, 8, default=4)))])
    np.savez(tmp_path / "inputs.npz", x=np.ones((1, 7), np.float32))
    assert ran(package) == "input   x  fp32 [1, 4]\noutput  y  fp32 [1, 4]\n"
    assert ran(package, tmp_path / "inputs.npz") == "y  float32 [1, 7]  from 1 to 1\n"


def test_what_is_no_package_is_refused_with_advice(tmp_path):
    (tmp_path / "net.mlmodel").write_bytes(b"\x08\x04")
    with pytest.raises(VitexportError, match="convert the model anew"):
        ran(tmp_path / "net.mlmodel")


def test_an_error_that_nobody_foresaw_is_one_line_too(packages, tmp_path):
    (tmp_path / "coremltools.py").write_text("raise ImportError('undefined symbol')")
    result = subprocess.run(
        [sys.executable, "-m", "exporter.mil", str(packages("mobilevit").path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "VITEXPORT_TRACEBACK": ""},
        cwd=Path(exporter.__file__).parents[1],
    )
    assert result.returncode == 3
    assert result.stderr.startswith("exporter.mil: An error that nobody foresaw (ImportError: undefined symbol)")
    assert result.stderr.count("\n") == 1


def test_a_mistake_is_one_line(packages, tmp_path):
    (tmp_path / "inputs.npz").write_text("no arrays")
    result = subprocess.run(
        [sys.executable, "-m", "exporter.mil", str(packages("mobilevit").path), str(tmp_path / "inputs.npz")],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("exporter.mil: ")
    assert line.endswith("inputs.npz is no .npz file of arrays: write one with numpy.savez.")
