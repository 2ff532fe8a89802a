"""What the tests of the Android app say of its core, and of what else in it needs no Android; and what they leave."""

import os
from pathlib import Path

from tests.apps.android.project import APP, sources_without_android
from tests.apps.cases import SOURCES, Report, report
from tests.apps.kotlin import classes_of_tests, kotlin
from tests.apps.pipes import piped
from tests.apps.results import place_pack

CORE = SOURCES / "android/core/src"


def android_report(bundle: Path, folder: Path) -> Report:
    """Compile and run them; real graphs are a bundle's. `folder` is an empty one to work in, and has results after."""
    toolchain, jar = kotlin(), folder / "core.jar"
    toolchain.compile([CORE / "main", CORE / "test", *sources_without_android(), APP / "src/test"], jar)
    pack = place_pack(folder, "pixel8")
    with piped(bundle, folder) as variables:
        results = {"VITEXPORT_PACK": str(pack), "VITEXPORT_RESULTS": str(folder)}
        environment = os.environ | variables | results
        done = toolchain.run(jar, "dev.vitexport.core.TestReportKt", *classes_of_tests(jar), env=environment)
    lines = (line.split("\t") for line in done.stdout.splitlines() if "\t" in line and not line.startswith(" "))
    found = report((name, outcome == "passed") for outcome, name in lines)
    assert all(found.values()), done.stdout + done.stderr
    return found
