"""What a page may do when it is served so: threads, and a camera."""

import pytest
from playwright.sync_api import Error, expect

from tests.browsers import watched_page
from tests.web_app import serving

CAMERA_WIDTH = """async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true })
    return stream.getVideoTracks()[0].getSettings().width
}"""
"""In pixels"""
REFUSAL = "navigator.serviceWorker.register('service_worker.js').then(() => 'none', (error) => error.name)"
"""Why there is no service worker"""


@pytest.fixture(scope="module")
def page(browser, served):
    with watched_page(browser, expected=["unsafe-eval"], permissions=["camera"]) as page:
        page.goto(served.urls[0])
        yield page


def test_the_page_is_isolated_so_that_its_runtimes_have_threads(page):
    assert page.evaluate("[crossOriginIsolated, new SharedArrayBuffer(4).byteLength]") == [True, 4]


def test_the_page_has_a_camera(page):
    assert page.evaluate(CAMERA_WIDTH) > 0


def test_webassembly_is_compiled_and_text_is_not(page):
    """In a call of the page's own, as the policy does not hold for what a test evaluates."""
    attempt = """text => new Promise(done => setTimeout(() => {
        const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
        try {
            done([module instanceof WebAssembly.Module, eval(text)])
        } catch (error) {
            done([module instanceof WebAssembly.Module, error.name])
        }
    }))"""
    assert page.evaluate(attempt, "1") == [True, "EvalError"]


def test_who_goes_on_past_the_warning_has_a_camera_and_threads_at_an_address_of_the_network(browser, app, tmp_path):
    """As on a phone; but a service worker is refused there, and so the app is not installed."""
    # The last is how Chromium calls the same while the machine is busy.
    said = ["ERR_CERT_AUTHORITY_INVALID", "SSL certificate error", "An unknown error occurred when fetching the script"]
    with (
        serving("--https", XDG_DATA_HOME=str(tmp_path)) as served,
        watched_page(browser, expected=said, permissions=["camera"]) as page,
    ):
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(served.urls[-1])
        page.click("#details-button")  # Advanced
        page.click("#proceed-link")
        page.wait_for_url(f"{served.urls[-1]}/")
        assert page.evaluate("[isSecureContext, crossOriginIsolated]") == [True, True]
        assert page.evaluate(CAMERA_WIDTH) > 0
        expect(page.get_by_role("heading", name="Open a bundle")).to_be_visible()
        # Registrations are carried out in order: of a page that is closed amid its own the browser says something else.
        assert page.evaluate(REFUSAL) == "SecurityError"


def test_over_plain_http_a_page_at_an_address_of_the_network_has_neither(browser, app):
    with serving("--host", "0.0.0.0") as served, watched_page(browser) as page:
        if len(served.urls) == 1:
            pytest.skip("this machine is in no network")
        page.goto(served.urls[-1])
        assert page.evaluate("[isSecureContext, crossOriginIsolated, 'mediaDevices' in navigator]") == [False] * 3


def test_an_error_on_a_page_fails_its_test(browser, served):
    with pytest.raises(AssertionError, match="on purpose"), watched_page(browser) as page:
        page.goto(served.urls[0])
        page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
        page.wait_for_timeout(50)


def test_an_error_in_a_worker_fails_the_test_of_its_page(browser, served):
    worker = "new Worker(URL.createObjectURL(new Blob([\"console.error('on purpose')\"])))"
    with pytest.raises(AssertionError, match="on purpose"), watched_page(browser) as page:
        page.goto(served.urls[0])
        page.evaluate(f"() => {{ {worker} }}")
        page.wait_for_timeout(500)
