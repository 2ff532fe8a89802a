"""Runs the tests of every app and writes the table of `apps/README.md`: `make cases`."""

import tempfile
from pathlib import Path

import exporter
from tests.apps.android.report import android_report
from tests.apps.cases import table, write_table
from tests.apps.ios.report import ios_report
from tests.apps.web.report import web_report

RUN = {"web": web_report, "android": android_report, "ios": ios_report}
FORMATS = ("onnx", "tflite", "executorch", "coreml")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = exporter.export(
            "efficienttam_nano", formats=FORMATS, precision="fp32", weights="required", out=Path(folder, "bundle")
        )
        reports = {}
        for app, run in RUN.items():
            own = Path(folder, app)
            own.mkdir()
            reports[app] = run(bundle.path, own)
    write_table(table(reports))


if __name__ == "__main__":
    main()
