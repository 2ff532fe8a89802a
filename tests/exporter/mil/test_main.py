"""python -m exporter.mil"""

import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from exporter.errors import VitexportError
from exporter.mil.__main__ import main


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
