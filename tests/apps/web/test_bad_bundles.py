"""A bundle that is not as it was made is refused in Chromium, in one sentence, before any of it runs."""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import Page

from exporter.bundle import Bundle
from exporter.contents import MANIFEST, SUMS, digest
from exporter.manifest import SCHEMA_VERSION
from tests.apps.web.altered_site import Site, send_head
from tests.apps.web.engine import RUNTIMES, ran, tried


@pytest.fixture
def altered(site: Site) -> Iterator[dict]:
    """What is answered in place of the bundle's files, until the test is over."""
    yield site.instead
    site.instead.clear()


def refusal(engine_page: Page, site: Site, runtime: str = "onnx", *, answered: list[str]) -> str:
    """Why the engine refuses the bundle, in one sentence, after these calls."""
    found = tried(engine_page, site, runtime)
    assert (found["answered"], found["result"]) == (answered, None)
    sentence = found["error"]
    assert re.fullmatch(r"[^\n]+\.", sentence)
    assert "Something went wrong" not in sentence
    return sentence


def test_a_file_that_is_missing_is_named(engine_page, site, altered):
    altered["nano/onnx/track_step.onnx"] = None
    assert "lacks onnx/track_step.onnx" in refusal(engine_page, site, answered=["open"])
    assert not ran(site)


@pytest.mark.parametrize(("runtime", "format"), RUNTIMES.items())
def test_nothing_runs_of_a_bundle_with_an_altered_byte_in_an_artefact(
    engine_page, site, altered, trained_bundle, runtime, format
):
    # the last that is loaded: what came before it was right
    path = f"{format}/track_step.{format}"
    altered[f"nano/{path}"] = flipped(trained_bundle.path / path)
    sentence = refusal(engine_page, site, runtime, answered=["open"])
    assert sentence == f"{path} was altered after export; export the model again."
    assert f"nano/{path}" in site.asked
    assert not ran(site)


def test_altered_vectors_prove_nothing(engine_page, site, altered, trained_bundle):
    path = "vectors/sequence.safetensors"
    altered[f"nano/{path}"] = flipped(trained_bundle.path / path)
    sentence = refusal(engine_page, site, "litert", answered=["open", "load"])
    assert sentence == f"{path} was altered after export; export the model again."


def test_a_manifest_with_an_altered_byte_is_refused(engine_page, site, altered, trained_bundle):
    manifest = (trained_bundle.path / MANIFEST).read_bytes()
    altered[f"nano/{MANIFEST}"] = manifest.replace(b'"trained": true', b'"trained":false ')
    assert refusal(engine_page, site, answered=[]).startswith("manifest.json and SHA256SUMS do not agree")


def unknown_schema(manifest: dict) -> None:
    manifest["schema_version"] = 99


def other_image_size(manifest: dict) -> None:
    manifest["model"]["image_size"] = 512


def other_state(manifest: dict) -> None:
    manifest["state"]["next_memory"] = "pointers"


def path_that_leads_out(manifest: dict) -> None:
    manifest["sequence"]["file"] = "../secret"


def half_precision(manifest: dict) -> None:
    for made in manifest["artifacts"]:
        for spec in (*made["inputs"], *made["outputs"]):
            spec["dtype"] = "float16"


def no_format_that_browsers_run(manifest: dict) -> None:
    for made in (*manifest["variants"], *manifest["artifacts"], *manifest["latencies"]):
        made["format"] = made["format"].replace("onnx", "coreai").replace("tflite", "another")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (unknown_schema, f"has schema version 99, and this app reads {SCHEMA_VERSION}; export the model again"),
        (other_image_size, "image of encode_image has the shape [1, 3, 256, 256], and should have [1, 3, 512, 512]"),
        (other_state, "two outputs of its state are one input of the next step"),
        (path_that_leads_out, "sequence.file is no path in a bundle"),
        (half_precision, "artefact of encode_image is float16, and a browser runs that format in float32"),
        (
            no_format_that_browsers_run,
            "The bundle has nothing that a browser runs; export the model with --format onnx",
        ),
    ],
)
def test_a_manifest_that_no_app_can_use_is_refused(engine_page, site, altered, trained_bundle, change, sentence):
    seal(altered, trained_bundle, change)
    assert sentence in refusal(engine_page, site, answered=[])
    assert not ran(site)


@pytest.mark.parametrize(("runtime", "format"), RUNTIMES.items())
def test_a_graph_that_takes_something_else_than_its_manifest_says_is_refused(
    engine_page, site, altered, trained_bundle, runtime, format
):
    file, other = (f"{format}/{graph}.{format}" for graph in ("track_step", "encode_image"))

    def swap(manifest: dict) -> None:
        listed = {one["path"]: one for one in manifest["files"]}
        listed[file] |= {"sha256": listed[other]["sha256"], "bytes": listed[other]["bytes"]}
        (artefact,) = (one for one in manifest["artifacts"] if one["file"] == file)
        artefact["bytes"] = listed[other]["bytes"]

    seal(altered, trained_bundle, swap)
    altered[f"nano/{file}"] = (trained_bundle.path / other).read_bytes()
    sentence = refusal(engine_page, site, runtime, answered=["open"])
    assert sentence.startswith("The graph's file has no input ")


def spaces() -> Iterator[bytes]:
    """Without an end"""
    while True:
        yield b" " * 2**20


def zipped_spaces() -> Iterator[bytes]:
    """A thousandth as many bytes, for as many spaces"""
    compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for part in spaces():
        yield compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH)


TEN_GB = 10_000_000_000


@pytest.mark.parametrize(
    ("headers", "parts"),
    [
        ({"Content-Length": str(TEN_GB)}, spaces),
        ({}, spaces),
        ({"Content-Length": "12000000", "Content-Encoding": "gzip"}, zipped_spaces),
    ],
    ids=["and it says so", "and it does not say so", "and it says it is small"],
)
def test_a_manifest_of_10_gb_is_refused_before_it_is_read(engine_page, site, altered, headers, parts):
    sent = [0]

    def answer(request: BaseHTTPRequestHandler) -> None:
        send_head(request, 200, {"Content-Type": "application/json", **headers}, content=None)
        for part in islice(parts(), TEN_GB // 2**20):  # the browser hangs up first
            request.wfile.write(part)
            sent[0] += 1

    altered[f"nano/{MANIFEST}"] = answer
    sentence = refusal(engine_page, site, answered=[])
    assert sentence.startswith("manifest.json has more than the 8388608 bytes that it may have")
    engine_page.wait_for_timeout(200)  # what goes on being sent would show
    assert sent[0] < TEN_GB // 2**20 / 20


def flipped(file: Path) -> bytes:
    """A file with another byte in its middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def seal(altered: dict, bundle: Bundle, change: Callable[[dict], None]) -> None:
    """Answer with a changed manifest, and with checksums that are right for it."""
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    change(manifest)
    content = json.dumps(manifest).encode()
    before = digest(bundle.path / MANIFEST)
    sums = (bundle.path / SUMS).read_text()
    altered[f"nano/{MANIFEST}"] = content
    altered[f"nano/{SUMS}"] = sums.replace(before, hashlib.sha256(content).hexdigest()).encode()
