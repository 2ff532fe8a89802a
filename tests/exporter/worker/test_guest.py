"""What runs in the other process: it needs a runtime and what loads a file, which is all that the other system has."""

import subprocess
import sys

PROGRAM = """
import sys
import exporter.worker.guest, exporter.backends.onnx, exporter.backends.tflite
print(*sorted(name for name in sys.modules if name.startswith(("exporter.verify", "exporter.bundle", "torch."))))
"""


def test_it_imports_neither_verification_nor_torch():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
