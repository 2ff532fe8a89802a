"""What the engine makes of a bundle in Chromium: masks are PyTorch's with both runtimes, and planted faults show."""

import pytest
from playwright.sync_api import Page

from tests.apps.web.altered_site import Site
from tests.apps.web.engine import RUNTIMES, ran, tried

FAULTS = {"state not advanced": 12, "wrong slot": 12, "stale output buffer": 6, "rotated frame": 3}
"""What is planted -> frames in which it shows: a memory tells where an object is hidden; the fifth has a second one"""
NO_FAULT = {"none": 6}


@pytest.mark.parametrize(("runtime", "threads"), [("onnx", 1), ("litert", 2)])
def test_every_mask_of_the_sequence_is_pytorchs(engine_page, site, trained_bundle, runtime, threads):
    found = tried(engine_page, site, runtime, threads)
    assert found["error"] is None
    result, sequence = found["result"], trained_bundle.manifest.sequence
    assert (result["pass"], result["frames"], result["stopped"]) == (True, sequence.frames, False)
    assert (sequence.frames, sequence.objects) == (24, 2)
    assert result["iou"] >= 0.999
    assert result["maxAbs"] < 1e-3
    assert result["detail"].startswith("All 24 frames agree with PyTorch: mask IoU at least ")
    assert ran(site)


@pytest.fixture(scope="module", params=RUNTIMES)
def results_by_fault(request, engine_page: Page, site: Site) -> dict[str, dict]:
    how = {"runtime": request.param, "unit": "cpu", "threads": 1}
    asked = {"url": f"{site.url}/nano", "frames": NO_FAULT | FAULTS, **how}
    return engine_page.evaluate("request => engines.withFaults(request)", asked)["results"]


def test_graphs_without_a_fault_pass(results_by_fault):
    result = results_by_fault["none"]
    assert (result["pass"], result["frames"], result["stopped"]) == (True, 6, True)
    assert result["detail"].startswith("The first 6 of 24 frames agree with PyTorch")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_the_self_test(results_by_fault, fault):
    result = results_by_fault[fault]
    assert not result["pass"]
    assert result["iou"] < 0.99
    assert "and 0.999 is the least that passes" in result["detail"]
