"""How many frames a second the web app follows in headless Chromium, by runtime and threads, and whether its memory
stays as it is while it does.

    .venv/bin/python -m benchmarks.web_app [efficienttam_nano efficienttam_ti_512x512] [--seconds 20] [--minutes 5]

Each model is exported to ONNX and TFLite, and follows one object through drawn frames of 640 x 480 by the app's own
engine, as the app's page calls it: a bitmap goes to the worker, and the mask comes back. A frame is sent when the one
before has come back. With `--minutes` the first model is then followed for so long by each runtime, with the memory of
the worker, of the page and of their process every half minute; the worker's has that of WebAssembly in it.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

import exporter
from benchmarks.page import machine
from exporter.bundle import Bundle
from exporter.toolchain_noise import hidden
from tests.apps.web.altered_site import altered_site
from tests.browsers import chromium, watched_page
from tests.web_app import built_engine_page

MODELS = ("efficienttam_nano", "efficienttam_ti_512x512")
RUNTIMES = {"onnx": "ONNX Runtime Web", "litert": "LiteRT.js"}
WARMUP = 10
"""Frames before those that are timed"""
INTERVAL = 30
"""Seconds between two looks at the memory"""

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
        # Memory is measured when it is asked for, not when the collector would have come by.
        with altered_site(folders) as site, chromium("--enable-blink-features=ForceEagerMeasureMemory") as browser:
            rates(browser, site.url, given.models, given.threads, given.seconds)
            if given.minutes:
                steadiness(browser, site.url, given.models[0], max(given.threads), given.minutes)
            print(f"\nChromium {browser.version}, headless. {machine()}")


def exported(model: str, out: Path) -> Bundle:
    with hidden():
        return exporter.export(model, formats=["onnx", "tflite"], weights="auto", out=out)


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


def steadiness(browser: Browser, url: str, model: str, threads: int, minutes: float) -> None:
    print(f"\n{model}, {threads} threads\n")
    print("| runtime | minutes | frames/s | worker, MB | page, MB | process, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for runtime, name in RUNTIMES.items():
        with opened(browser, url, model, runtime, threads) as page:
            for look in range(round(60 * minutes / INTERVAL)):
                fps = page.evaluate(FOLLOW, [INTERVAL, 1])["fps"]
                memory = page.evaluate(MEMORY)
                figures = (memory["worker"], memory["rest"], resident(browser))
                mb = " | ".join(f"{figure / 1e6:.1f}" for figure in figures)
                print(f"| {name} | {(look + 1) * INTERVAL / 60:.1f} | {fps:.1f} | {mb} |", flush=True)


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
