"""How many frames a second the web app follows in headless Chromium, and whether its memory stays as it is meanwhile.

    .venv/bin/python -m benchmarks.web_app [efficienttam_nano efficienttam_ti_2_512x512] [--seconds 20] [--minutes 5]

Each model is exported to ONNX and TFLite. Three tables are printed:

* the app as a person uses it: Chromium's own test camera of 30 frames a second, a tap on what moves in it, masks over
  the picture; the figures are those that the app shows;
* the app's engine alone, by runtime and threads, on drawn frames of 640 x 480: a bitmap goes to the worker, and the
  mask comes back. A frame is sent when the one before has come back;
* with `--minutes`, the app with the first model for so long by each runtime, with the memory of the worker, of the page
  and of their process every half minute; the worker's has that of WebAssembly in it.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Browser, Page, expect

import exporter
from benchmarks.page import machine
from exporter.bundle import Bundle
from exporter.toolchain_noise import hidden
from tests.apps.web.altered_site import altered_site
from tests.apps.web.followed import LOADED
from tests.browsers import chromium, watched_page
from tests.web_app import built_engine_page, serving

MODELS = ("efficienttam_nano", "efficienttam_ti_2_512x512")
RUNTIMES = {"onnx": "ONNX Runtime", "litert": "LiteRT"}
WARMUP = 10
"""Frames before those that are timed"""
INTERVAL = 30
"""Seconds between two looks at the memory"""
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30")
"""A test picture in which a disc moves"""
MEASURABLE = "--enable-blink-features=ForceEagerMeasureMemory"
"""Memory is measured when it is asked for, not when the collector would have come by."""

OPEN = """async ([url, runtime, threads]) => {
    window.engine = new engines.Engine()
    const { imageSize } = await engine.ask('open', { source: { kind: 'url', url } })
    await engine.ask('load', { configuration: { runtime, precision: 'fp32', unit: 'cpu', threads } })
    const canvas = new OffscreenCanvas(640, 480)
    const context = canvas.getContext('2d')
    window.frame = 0
    window.follow = async () => {
        const angle = frame / 40, x = 320 + 120 * Math.cos(angle), y = 240 + 90 * Math.sin(angle)
        context.fillStyle = '#46704f'
        context.fillRect(0, 0, 640, 480)
        context.fillStyle = '#e4572e'
        context.beginPath()
        context.arc(x, y, 80, 0, 2 * Math.PI)
        context.fill()
        const points = [{ x: x * imageSize / 640, y: y * imageSize / 480, label: 1 }]
        const prompts = frame === 0 ? [{ object: 0, points }] : []
        return engine.ask('track', { frame: frame++, image: canvas.transferToImageBitmap(), prompts })
    }
}"""

FOLLOW = """async ([seconds, frames]) => {
    const ms = {}, begin = performance.now()
    let count = 0
    for (; count < frames || performance.now() - begin < 1000 * seconds; count++) {
        for (const [graph, took] of Object.entries((await follow()).ms)) (ms[graph] ??= []).push(...took)
    }
    const median = (all) => all.sort((one, other) => one - other)[all.length >> 1]
    const medians = Object.fromEntries(Object.entries(ms).map(([graph, took]) => [graph, median(took)]))
    return { fps: 1000 * count / (performance.now() - begin), count, ms: medians }
}"""

MEMORY = """async () => {
    const { bytes, breakdown } = await performance.measureUserAgentSpecificMemory()
    const worker = Math.max(...breakdown.map(({ bytes }) => bytes)) // which has the runtime's
    return { worker, rest: bytes - worker }
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=20.0, help="for each runtime and number of threads")
    parser.add_argument("--minutes", type=float, default=0.0, help="of tracking, to see what becomes of the memory")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundles = {model: exported(model, Path(folder) / model) for model in given.models}
        folders = {"page": built_engine_page(Path(folder))} | {name: one.path for name, one in bundles.items()}
        with chromium(MEASURABLE, *CAMERA) as browser:
            seen(browser, bundles, given.seconds)
            with altered_site(folders) as site:
                rates(browser, site.url, given.models, given.threads, given.seconds)
            if given.minutes:
                steadiness(browser, bundles[given.models[0]], given.minutes)
            print(f"\nChromium {browser.version}, headless. {machine()}")


def exported(model: str, out: Path) -> Bundle:
    with hidden():
        return exporter.export(model, formats=["onnx", "tflite"], weights="auto", out=out)


def seen(browser: Browser, bundles: Mapping[str, Bundle], seconds: float) -> None:
    print("| model | run by | frames/s | ms a frame | mask age, ms | dropped |")
    print("|---|---|---:|---:|---:|---:|")
    for model, bundle in bundles.items():
        for name in RUNTIMES.values():
            with following(browser, bundle, name) as (page, way):
                page.wait_for_timeout(1000 * seconds)
                shown = figures(page)
                print(f"| {model} | {way} | {' | '.join(shown.values())} |", flush=True)
    print()


def rates(browser: Browser, url: str, models: list[str], threads: list[int], seconds: float) -> None:
    print("| model | runtime | threads | frames/s | resize, ms | encode_image, ms | track_step, ms | frames |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for model in models:
        for runtime, name in RUNTIMES.items():
            for number in threads:
                with opened(browser, url, model, runtime, number) as page:
                    found = page.evaluate(FOLLOW, [seconds, 1])
                    ms = " | ".join(f"{found['ms'][graph]:.1f}" for graph in ("resize", "encode_image", "track_step"))
                    print(f"| {model} | {name} | {number} | {found['fps']:.2f} | {ms} | {found['count']} |", flush=True)


def steadiness(browser: Browser, bundle: Bundle, minutes: float) -> None:
    print("\n| run by | minutes | frames/s | worker, MB | page, MB | process, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in RUNTIMES.values():
        with following(browser, bundle, name) as (page, way):
            begun, passed = monotonic(), 0.0
            while passed < minutes:
                page.wait_for_timeout(1000 * INTERVAL)
                memory = page.evaluate(MEMORY)
                mb = " | ".join(f"{one / 1e6:.1f}" for one in (memory["worker"], memory["rest"], resident(browser)))
                fps = figures(page)["frames/s"]
                passed = (monotonic() - begun) / 60
                print(f"| {way} | {passed:.1f} | {fps} | {mb} |", flush=True)


@contextmanager
def following(browser: Browser, bundle: Bundle, runtime: str) -> Iterator[tuple[Page, str]]:
    """The app, which follows the disc of the test camera by a runtime, and how it runs, in the app's words."""
    with serving("--bundle", bundle.path) as served, watched_page(browser) as page:
        page.goto(served.urls[0])
        page.get_by_text("How it runs").click(timeout=LOADED)
        ways = page.get_by_label("Run by")
        expect(ways).to_be_visible(timeout=LOADED)
        (wanted,) = (one for one in ways.locator("option").all_text_contents() if one.startswith(f"{runtime}, CPU"))
        if ways.locator("option:checked").text_content() != wanted:
            ways.select_option(wanted)
            expect(ways).to_be_enabled(timeout=LOADED)
        page.get_by_text("How it runs").click()
        page.get_by_role("button", name="Camera", exact=True).click()
        expect(page.locator("video")).to_be_visible()
        page.wait_for_timeout(1000)
        page.mouse.click(*middle(page))
        expect(page.locator(".state")).to_have_text("tracking", timeout=LOADED)
        yield page, f"{wanted.removesuffix(' (default)')}, {page.get_by_label('Threads').first.input_value()} threads"


def middle(page: Page) -> tuple[float, float]:
    """Of the picture, where the disc of the test camera is."""
    box = page.locator(".stage").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def figures(page: Page) -> dict[str, str]:
    """Name -> figure, as the app shows them now."""
    shown: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.strip dt')]"
        ".map((one) => [one.textContent, one.nextElementSibling.textContent]))"
    )
    return shown


@contextmanager
def opened(browser: Browser, url: str, model: str, runtime: str, threads: int) -> Iterator[Page]:
    """One page, with the model loaded and warm."""
    with watched_page(browser, expected=["Failed to load resource"]) as page:
        page.goto(f"{url}/page/index.html")
        page.evaluate(OPEN, [f"{url}/{model}", runtime, threads])
        page.evaluate(FOLLOW, [0, WARMUP])
        yield page
        page.evaluate("engine.close()")


def resident(browser: Browser) -> int:
    """Bytes of memory of the largest process that shows a page."""
    processes: list[dict[str, Any]] = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    shown = [one["id"] for one in processes if one["type"] == "renderer"]
    pages = [int(Path(f"/proc/{number}/statm").read_text().split()[1]) for number in shown]
    return max(pages) * 4096


if __name__ == "__main__":
    main()
