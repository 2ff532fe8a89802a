"""coremltools' checks after each pass are left out; its packages stay the same, byte for byte."""

from pathlib import Path

import coremltools as ct
import pytest
from coremltools.converters.mil.mil import Builder, Program

from exporter.backends import coreml
from exporter.backends.coreml_passes import without_checks
from exporter.backends.interface import LowerOptions
from tests.exporter.backends.in_full import in_full
from tests.models import classifier_graph


def contents(package: Path) -> tuple[bytes, bytes]:
    """The program and its weights, without what is known of the conversion, such as its date."""
    spec = ct.utils.load_spec(str(package))
    spec.description.metadata.Clear()
    weights = package / "Data/com.apple.CoreML/weights/weight.bin"
    return spec.SerializeToString(deterministic=True), weights.read_bytes()


def test_the_package_is_the_one_of_whole_traces_and_all_checks(tmp_path):
    few, whole = tmp_path / "few.mlpackage", tmp_path / "all.mlpackage"
    Builder.name_count.clear()  # it counts what it names in this process
    coreml.lower(classifier_graph("mobilevit"), few, LowerOptions("fp16"))
    Builder.name_count.clear()
    with in_full("coreml_passes.without_checks"):
        coreml.lower(classifier_graph("mobilevit"), whole, LowerOptions("fp16"))
    assert contents(few) == contents(whole)


def test_coremltools_is_as_before_afterwards():
    before = Program.validate
    with pytest.raises(ZeroDivisionError), without_checks():
        assert Program.validate is not before
        1 / 0  # noqa: B018
    assert Program.validate is before
