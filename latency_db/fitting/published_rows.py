"""Makes the tables of published rows in `data/published/` from the public files; the same files give the same bytes.

    python -m latency_db.fitting.published_rows FOLDER

FOLDER holds `public_latency_papers.csv`, `public_latency_qai.csv`, `public_latency_qai_history.csv` and
`public_latency_mlperf_mobile.csv`. `published_models` comes before, since it says which printed counts are wrong.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from latency_db.device_ids import device_id
from latency_db.fitting.fallback import flag_fallback
from latency_db.fitting.published_names import QUALCOMM_MODELS, ZOO_WIDTHS, model_name
from latency_db.importers.qai import REPEATED, RUNTIMES, owners
from latency_db.published.coreml_models import model_facts
from latency_db.published.rows import PublishedRow
from latency_db.shipped_tables import DATA, table_bytes

TARGET = DATA / "published"

NOT_STATED = "precision not stated: Core ML's default"

WRONG_BY = 1.2
"""Factor between printed and counted multiply-accumulates from which the printed ones are wrong."""

ROUNDED = 0.05
"""GMACs that a source may be off because it prints one decimal"""

TOO_VAGUE = {"Total Inference Time", "Recognizer", "Detector", "Encoder", "Decoder"}
"""First words of what the ExecuTorch page calls parts of a pipeline whose name is its section's."""

QUALCOMM_PHONES = ("galaxy_s22", "galaxy_s23", "galaxy_s24", "galaxy_s25", "galaxy_s26")

MLPERF_PHONES = {"Vivo iQOO 12": "iqoo_12", "OnePlus 13": "oneplus13"}


def main(folder: Path) -> None:
    tables = {
        "papers": flag_fallback(stands_twice(right_counts(papers(folder / "public_latency_papers.csv")))),
        "qualcomm": qualcomm(folder / "public_latency_qai.csv", folder / "public_latency_qai_history.csv"),
        "mlperf_mobile": mlperf(folder / "public_latency_mlperf_mobile.csv"),
    }
    for name, rows in tables.items():
        path = TARGET / f"{name}.csv.gz"
        path.write_bytes(table_bytes(rows, PublishedRow))
        flagged = sum(bool(row.flag) for row in rows)
        print(f"{path.name}: {len(rows)} rows, {flagged} of them flagged, {path.stat().st_size} bytes")


def papers(path: Path) -> list[PublishedRow]:
    """Rows of papers and READMEs, without flags."""
    return [_paper(row) for row in _table(path)]


def _paper(row: dict[str, str]) -> PublishedRow:
    size = int(row["resolution"]) if row["resolution"] else None
    name, notes = row["model"], [row["note"]]
    if "coreml-model-zoo" in row["source"]:
        size, name, notes = _zoo(row)
    section = re.match(r"section ([^;]+);", row["note"])
    if section and name.split(" forward")[0] in TOO_VAGUE:
        name = f"{section[1]} {name}"
    runtime, backend, os, unit = _runtime(row["runtime"])
    if not runtime and "Core ML default" in row["precision"]:
        runtime = "coreml"
        notes.append("runtime not stated: Core ML by its other rows")
    if "Core ML default" in row["precision"]:
        notes.append(NOT_STATED)
    if "not stated" in row["soc"]:
        notes.append(row["soc"])
    return PublishedRow(
        model=model_name(name, size),
        published_as=row["model"],
        size=size,
        precision="" if row["precision"] == "not stated" else row["precision"].split(" (")[0],
        device=device_id(row["device"]),
        os=os,
        runtime=runtime,
        backend=backend,
        runtime_version="",
        unit=unit,
        ms=float(row["latency_ms"]),
        gmacs=float(row["gmacs"]) if row["gmacs"] else None,
        params_m=float(row["params_m"]) if row["params_m"] else None,
        reference=row["source"],
        licence="facts; the source's own terms",
        note="; ".join(note for note in notes if note),
        flag="",
        flag_reason="",
    )


def _zoo(row: dict[str, str]) -> tuple[int | None, str, list[str]]:
    """Size, name and notes of a row of coreml-model-zoo, whose size stands where others print accuracy."""
    name = row["model"].split(" (")[0]
    printed = row["top1_or_metric"]
    size = int(printed) if printed.isdigit() else None
    notes = [row["note"]]
    if name == "MobileNet_V2":
        megabytes = re.search(r"size ([\d.]+) MB", row["note"])
        assert megabytes, row
        name = f"mobilenetv2_{ZOO_WIDTHS[megabytes[1]]}"
        notes.append("width by the size of the file")
        size = size or 224
    return size, name.replace("_V1", ""), notes


def _runtime(stated: str) -> tuple[str, str, str, str]:
    """Runtime, backend, system and compute unit of a statement such as "Core ML (iOS 16, Neural Engine)"."""
    os = re.search(r"iOS [\d.]+", stated)
    unit = {"CPU": "cpu", "GPU": "gpu", "ANE": "npu", "XNNPACK": "cpu"}.get(stated.split()[-1], "")
    unit = "npu" if "Neural Engine" in stated else unit
    runtime = "executorch" if stated.startswith("ExecuTorch") else "coreml" if "Core ML" in stated else ""
    backend = stated.removeprefix("ExecuTorch ") if runtime == "executorch" else stated
    return runtime, backend.replace("backend not stated", ""), os[0] if os else "", unit


def right_counts(rows: Iterable[PublishedRow]) -> Iterator[PublishedRow]:
    """The rows, with multiply-accumulates that cannot be the model's replaced by those counted, and flagged."""
    facts = model_facts()
    for row in rows:
        fact = facts.get((row.model, row.size))
        if row.gmacs and fact and fact.origin.startswith("counted with timm"):
            factor = max(row.gmacs / fact.gmacs, fact.gmacs / row.gmacs)
            if factor > WRONG_BY and abs(row.gmacs - fact.gmacs) > ROUNDED:
                reason = f"printed as {row.gmacs:g}; at {fact.size} px the model has {fact.gmacs:.2f} ({fact.origin})"
                row = replace(row, gmacs=round(fact.gmacs, 2), flag="wrong GMACs", flag_reason=reason)
        yield row


def stands_twice(rows: Iterable[PublishedRow]) -> list[PublishedRow]:
    """The rows, with those flagged that a document repeats in another of its tables."""
    first: dict[tuple[object, ...], PublishedRow] = {}
    flagged = []
    for row in rows:
        key = (row.document, row.model, row.size, row.device, row.backend, row.precision, row.ms, row.published_as)
        before = first.setdefault(key, row)
        vague = "react-native-executorch" in row.reference or "zoo" in row.reference
        if before is not row and not vague:
            row = replace(row, flag="stands twice", flag_reason=f"the same figure stands in {before.reference}")
        flagged.append(row)
    return flagged


def qualcomm(newest: Path, history: Path) -> list[PublishedRow]:
    """Qualcomm's rows of the phones: of each phone the newest release that has it."""
    tables = [list(_table(newest)), *_releases(history)]
    of_phone = (next(filter(None, (_of(phone, table) for table in tables))) for phone in QUALCOMM_PHONES)
    return list(chain.from_iterable(of_phone))


def earlier_release(history: Path, phone: str) -> list[PublishedRow]:
    """Qualcomm's rows of a phone in the newest of the earlier releases."""
    return _of(phone, next(_releases(history)))


def _releases(history: Path) -> Iterator[list[dict[str, str]]]:
    """The tables of the earlier releases, newest first."""
    releases = defaultdict(list)
    for row in _table(history):
        releases[row["source_version"].split("/")[1]].append(row)
    return (releases[date] for date in sorted(releases, reverse=True))


def _of(phone: str, table: Sequence[dict[str, str]]) -> list[PublishedRow]:
    shared = _shared_jobs(table)
    owner = owners((row["job_id"], device_id(row["device"])) for row in table)
    return [_qualcomm(row, shared, owner) for row in table if device_id(row["device"]) == phone]


def _shared_jobs(table: Sequence[dict[str, str]]) -> dict[str, set[str]]:
    """Job -> the devices it is listed for, where they are several."""
    devices = defaultdict(set)
    for row in table:
        if row["job_id"]:
            devices[row["job_id"]].add(row["device"])
    return {job: names for job, names in devices.items() if len(names) > 1}


def _qualcomm(row: dict[str, str], shared: dict[str, set[str]], owner: dict[str, str]) -> PublishedRow:
    model, size = QUALCOMM_MODELS.get(row["model"], (row["model"], None))
    others = sorted(shared.get(row["job_id"], set()) - {row["device"]})
    phone = device_id(row["device"])
    own = owner.get(row["job_id"], phone)
    units = {"NPU": row["ops_npu"], "GPU": row["ops_gpu"], "CPU": row["ops_cpu"]}
    split = ", ".join(f"{count} on the {unit}" for unit, count in units.items() if count not in ("", "0"))
    notes = [f"layers: {split}" if split and split.count(" on the ") > 1 else ""]
    notes += [f"the job is listed for {', '.join(others)} too"] if others else []
    release = row["source_version"].split(" (")[0] if row["source"].startswith("pypi") else row["source_version"]
    return PublishedRow(
        model=model,
        published_as=row["component"],
        size=size,
        precision=row["precision"],
        device=phone,
        os=row["os"],
        runtime=RUNTIMES.get(row["runtime"], row["runtime"]),
        backend=row["runtime"],
        runtime_version=row["tool_version"],
        unit=row["compute_unit"].lower(),
        ms=float(row["latency_ms"]),
        gmacs=None,
        params_m=None,
        reference=f"qai_hub_models {release}, job {row['job_id']}",
        licence="BSD-3-Clause",
        note="; ".join(note for note in notes if note),
        flag=REPEATED if own != phone else "",
        flag_reason=f"job {row['job_id']} is {own}'s" if own != phone else "",
    )


def mlperf(path: Path) -> list[PublishedRow]:
    """MLPerf Mobile's single-stream rows."""
    return [
        PublishedRow(
            model=row["task"],
            published_as=f"MLPerf Mobile {row['task']}, {row['scenario']}",
            size=None,
            precision="",
            device=MLPERF_PHONES.get(row["device"], row["soc"] if row["device"] == "not stated" else row["device"]),
            os="",
            runtime="",
            backend="",
            runtime_version="",
            unit="",
            ms=float(row["p50_ms"]),
            gmacs=None,
            params_m=None,
            reference=row["source"],
            licence=row["license"],
            note=f"{row['soc']}; p90 {row['p90_ms']} ms, mean {row['mean_ms']} ms; {row['date']}, {row['submitter']}",
            flag="",
            flag_reason="",
        )
        for row in _table(path)
        if row["valid"] == "VALID"
    ]


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
