"""The graphs on a GPU in Chromium: on SwiftShader, which computes on the CPU what a GPU would, and slowly."""

from exporter.bundle import Bundle
from tests.apps.web.altered_site import altered_site
from tests.browsers import chromium, watched_page
from tests.web_app import built_engine_page

SWIFTSHADER = (
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    "--use-vulkan=swiftshader",
    "--disable-vulkan-surface",
)
FRAMES = 2
"""The first finds an object, the second follows it."""


def test_what_webgpu_computes_is_pytorchs(shared, tracker_bundle: Bundle):
    folders = {"page": built_engine_page(shared), "tracker": tracker_bundle.path}
    with altered_site(folders) as site, chromium(*SWIFTSHADER) as browser:
        asked = {
            "url": f"{site.url}/tracker",
            "runtime": "onnx",
            "unit": "gpu",
            "threads": 1,
            "frames": {"none": FRAMES},
        }
        with watched_page(browser, expected=["Failed to load resource"]) as page:
            page.goto(f"{site.url}/page/index.html")
            (result,) = page.evaluate("request => engines.withFaults(request)", asked)["results"].values()
    assert (result["pass"], result["frames"]) == (True, FRAMES)
    assert result["iou"] >= 0.999
    assert result["maxAbs"] < 1e-2
