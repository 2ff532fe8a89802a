"""What work warns of is printed when it is done."""

import warnings

import pytest

from exporter.cli.collected_warnings import collected_warnings
from exporter.errors import VitexportError, VitexportWarning


def test_each_warning_is_a_line_on_stderr(capfd):
    with collected_warnings():
        for message in ("turn it", "turn it", "move it"):
            warnings.warn(message, VitexportWarning, stacklevel=1)
    assert capfd.readouterr() == ("", "vitexport: turn it\nvitexport: move it\n")


def test_of_many_warnings_the_first_are_printed(capfd):
    with collected_warnings():
        for number in range(9):
            warnings.warn(str(number), VitexportWarning, stacklevel=1)
    *lines, last = capfd.readouterr().err.splitlines()
    assert lines == [f"vitexport: {number}" for number in range(5)]
    assert last == "vitexport: There are 4 more warnings like these."


def test_of_a_mistake_only_the_mistake_is_said(capfd):
    with pytest.raises(VitexportError), collected_warnings():
        warnings.warn("turn it", VitexportWarning, stacklevel=1)
        raise VitexportError("no such file")
    assert capfd.readouterr().err == ""


def test_warnings_of_others_are_shown_as_before():
    with pytest.warns(UserWarning, match="of another"), collected_warnings():
        warnings.warn("of another", UserWarning, stacklevel=1)
