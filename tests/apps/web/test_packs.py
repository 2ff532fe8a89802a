"""A kernel pack, from `vitexport bench --pack` through the app in a browser to an answer of `vitexport latency`."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from exporter.bench.packs.pack import PackRequest, make_pack
from exporter.models.registry import model_info
from tests.browsers import chromium, watched_page
from tests.exporter.cli.command_line import run
from tests.shared import made_once
from tests.web_app import serving

MODEL = "efficienttam_nano"
FORMATS = ("tflite", "onnx")
KERNELS = 10
CALLED = "Test bench"
"""What the user says that the device is called"""
STORED_AS = "chromium_on_test_bench"


@pytest.fixture(scope="module")
def packs(shared: Path) -> Path:
    """A folder of two packs, `tflite.zip` and `onnx.zip`, of the first kernels of the model."""

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_DATA_HOME", str(folder / "data"))
            for format in FORMATS:
                make_pack(PackRequest(folder / f"{format}.zip", "browser", format, count=KERNELS, models=(MODEL,)))

    return made_once(shared / "kernel packs for browsers", make)


@pytest.fixture(scope="module")
def results(app: Path, packs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Format -> what the app saved after it had run the pack; the packs lie beside them."""
    folder, saved = tmp_path_factory.mktemp("results"), {}
    served_packs = [word for format in FORMATS for word in ("--pack", packs / f"{format}.zip")]
    with serving(*served_packs) as served, chromium() as browser, watched_page(browser) as page:
        page.goto(served.urls[0])
        page.get_by_role("tab", name="Kernel pack").click()
        for format in FORMATS:
            shutil.copy(packs / f"{format}.zip", folder)
            page.get_by_role("button", name=f"Run {format}.zip").click()
            done = page.get_by_text(f"{KERNELS} of {KERNELS} kernels were timed")
            expect(done.and_(page.locator(f":above(:text('Run by {format}'))"))).to_be_visible(timeout=120_000)
            page.get_by_label("This device is called").fill(CALLED)
            with page.expect_download() as download:
                page.get_by_role("button", name="Save as a file").click()
            saved[format] = folder / f"{format}.json"
            download.value.save_as(saved[format])
    return saved


@pytest.mark.parametrize(("format", "runtime"), [("tflite", "LiteRT.js"), ("onnx", "ONNX Runtime Web")])
def test_a_result_says_who_ran_what(results: dict[str, Path], format: str, runtime: str) -> None:
    said = json.loads(results[format].read_text())
    assert said["device"]["model"] == CALLED
    assert said["device"]["browser"].startswith("Chromium ")
    assert (said["backend"], said["delegate"]) == (format, "webassembly")
    assert said["threads"] == min(4, os.cpu_count()), "as many as a bundle gets"
    assert said["backend_version"].startswith(f"{runtime} ")
    assert said["failures"] == []


def test_a_model_is_estimated_for_that_browser_from_the_kernels(results: dict[str, Path], database: str) -> None:
    imported = run("latency", "import", *map(str, results.values()), "--db", database)
    assert imported.returncode == 0, imported.stderr
    assert imported.stdout.count(STORED_AS) == len(FORMATS)
    answer = run("latency", MODEL, "--target", STORED_AS, "--db", database, "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["device"], found["size"]) == (STORED_AS, model_info(MODEL).image_size)
    assert (found["runtime"], found["method"]) == ("tflite", "transfer")
    assert re.match(r"\d+ kernels measured on it", found["reason"])
    assert 0 < found["low"] < found["ms"] < found["high"]


def test_a_browsers_figures_answer_for_nothing_else_on_its_device(results: dict[str, Path], database: str) -> None:
    native = ("latency", MODEL, "--target", "pixel8", "--runtime", "tflite", "--db", database, "--json")
    before = run(*native)
    assert before.returncode == 0, before.stderr
    said = json.loads(results["tflite"].read_text())
    said["device"]["model"] = "Pixel 8"
    beside = results["tflite"].with_name("of_a_phone.json")
    beside.write_text(json.dumps(said))
    assert run("latency", "import", str(beside), "--db", database).returncode == 0
    assert run(*native).stdout == before.stdout
    assert run("latency", MODEL, "--target", "chromium_on_pixel8", "--db", database).returncode == 0
    other = run("latency", MODEL, "--target", "firefox_on_pixel8", "--db", database)
    assert other.returncode == 2
    assert "nothing is known of tflite on the cpu of firefox_on_pixel8" in other.stderr
