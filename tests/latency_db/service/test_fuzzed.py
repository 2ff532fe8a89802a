"""Whatever is asked, in the words of the OpenAPI document or in others, the answer is one that the document has."""

import subprocess
import sys
from pathlib import Path

SCHEMATHESIS = str(Path(sys.executable).parent / "schemathesis")
"""Its plugin for pytest 9.2 fails (`Function` has no `_nodeid`)."""
CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance"
EXAMPLES = "10"
"""For each path"""


def test_every_answer_is_one_that_is_documented(service, tmp_path):
    done = subprocess.run(
        [
            SCHEMATHESIS, "run", f"{service.served.base}/openapi.json", "--checks", CHECKS, "--seed", "1",
            "--max-examples", EXAMPLES, "--phases", "examples,fuzzing", "--workers", "1", "--no-color",
            "--header", f"Authorization: Bearer {service.token}",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert service.ask("/healthz").status == 200
    assert "Traceback" not in service.served.log.read_text()
