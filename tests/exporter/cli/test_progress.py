"""Work that takes a while: nothing but its progress and its warnings is seen."""

import os
import warnings

from exporter.cli.progress import working
from exporter.errors import VitexportWarning


def test_of_work_only_its_warnings_are_seen(capfd):
    with working(verbose=False):
        os.write(1, b"of a toolchain")
        os.write(2, b"of a toolchain")
        warnings.warn("turn it", VitexportWarning, stacklevel=1)
    assert capfd.readouterr() == ("", "vitexport: turn it\n")
