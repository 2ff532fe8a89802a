"""Pages that benchmarks write. What was measured by hand stands in a section at their end, which a new run keeps."""

import platform
import re
from pathlib import Path

from exporter.bench.provenance import provenance

BY_HAND = "\n## Measured by hand\n"


def write(path: Path, page: str) -> None:
    """Write `page`, and after it the section of the old page that was measured by hand."""
    _, marker, kept = path.read_text().partition(BY_HAND) if path.exists() else ("", "", "")
    path.write_text(page.rstrip("\n") + "\n" + marker + kept)


def machine() -> str:
    """The machine that figures come from, in a sentence."""
    cpu = re.sub(r"\s+", " ", provenance()["cpu"])
    flags = Path("/proc/cpuinfo").read_text() if platform.system() == "Linux" else ""
    width = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else platform.machine()
    width += " with VNNI" if "vnni" in flags else ""
    threads, commit = provenance()["threads"], re.sub(r"(?<=^[0-9a-f]{12})[0-9a-f]+", "", provenance()["commit"])
    return f"Measured on {cpu} ({width}), {threads} cores, at commit {commit}."
