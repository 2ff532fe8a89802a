"""What `vitexport latency` answers once an app's result was imported."""

import json
import shutil
from pathlib import Path

from exporter.bundle import is_bundle
from tests.exporter.cli.command_line import run

MODEL = "efficienttam_nano"


def answered(result: Path, device: str, subject: Path, database: str, folder: Path) -> tuple[dict, dict]:
    """Import a `result` as if it were of a `device`, and ask for the model there; both as JSON.

    `subject` is the bundle or the zip of the pack that was timed; `folder` an empty one.
    """
    said = json.loads(result.read_text())
    said["device"]["model"] = device
    (folder / result.name).write_text(json.dumps(said))
    if is_bundle(subject):
        known = ("--bundle", str(subject))
    else:
        known = ()
        shutil.copy(subject, folder)
    done = run("latency", "import", str(folder / result.name), *known, "--db", database)
    assert done.returncode == 0, done.stderr
    asked = ("--target", device, "--runtime", said["backend"], "--db", database, "--json")
    answer = run("latency", MODEL, *asked)
    assert answer.returncode == 0, answer.stderr
    return said, json.loads(answer.stdout)
