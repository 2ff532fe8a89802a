"""The app's engine, on the page that has nothing else, with the bundle that lies beside it."""

from playwright.sync_api import Page

from tests.apps.web.altered_site import Site

RUNTIMES = {"onnx": "onnx", "litert": "tflite"}
"""Runtime -> the format that it runs"""


def tried(engine_page: Page, site: Site, runtime: str = "onnx", threads: int = 1) -> dict:
    """How far the engine gets with the bundle."""
    site.asked.clear()
    return engine_page.evaluate(
        "([url, runtime, threads]) => engines.tried(url, runtime, threads)", [f"{site.url}/nano", runtime, threads]
    )


def ran(site: Site) -> bool:
    """Whether a runtime was fetched, without which nothing runs."""
    return any(path.endswith(".wasm") for path in site.asked)
