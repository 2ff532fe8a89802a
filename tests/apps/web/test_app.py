"""The app as a person uses it: in Chromium, with the trained tracker, on a clip of kinds that no training saw."""

import json
import re
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from exporter.manifest import SCHEMA_VERSION
from exporter.serve.addresses import addresses_of
from exporter.train.quality import quality
from tests.apps.web.followed import (
    FIRST,
    FPS,
    LOADED,
    SECOND,
    Film,
    camera_film,
    choose,
    film,
    follow_to_the_end,
    iou,
    on_screen,
    open_app,
    overlaid,
    saved_masks,
    tap,
)
from tests.apps.web.latency_service import latency_service
from tests.browsers import camera_of, chromium, watched_page
from tests.exporter.cli.command_line import run
from tests.web_app import serving

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Film:
    return film(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def browser(clip, tmp_path_factory):
    """With a camera that sees the clip's first frame."""
    with chromium(*camera_of(camera_film(tmp_path_factory.mktemp("camera"), clip.frames[0]))) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """The URLs of all that the page of most tests asked for, and its workers"""
    return []


@pytest.fixture(scope="module")
def opened(browser, served, asked):
    """One page for most tests, because a bundle takes seconds to load."""
    with watched_page(browser, **PHONE) as page:
        page.context.on("request", lambda request: asked.append(request.url))
        open_app(page, served.urls[0])
        yield page


@pytest.fixture
def page(opened: Page, clip: Film) -> Page:
    """At the clip's first frame, with nothing followed."""
    opened.get_by_role("tab", name="Track").click()
    choose(opened, clip.path)
    expect(opened.locator(".object")).to_have_count(0)
    return opened


def test_two_objects_are_followed_where_they_truly_are(page, clip, tmp_path):
    tap(page, clip.inside(FIRST))
    page.get_by_role("button", name="New object").click()
    tap(page, clip.inside(SECOND))
    follow_to_the_end(page)
    labels, times = saved_masks(page, tmp_path)
    assert np.allclose(times, np.arange(len(clip.frames)) / FPS, atol=1e-3), "no frame is left out"
    for number, name in ((1, FIRST), (2, SECOND)):
        assert quality(labels == number, clip.masks(name)).region >= 0.8, f"object {number}"


def test_the_keyboard_is_enough(page, clip, tmp_path):
    page.get_by_role("application", name="Picture").focus()
    x, y = clip.inside(FIRST)
    for key, steps in (("ArrowRight", round(100 * (x - 0.5))), ("ArrowUp", round(100 * (0.5 - y)))):
        for _ in range(steps):
            page.keyboard.press(key)
    for _ in range(6):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(page.locator(".state")).to_have_text("found", timeout=LOADED)
    expect(page.get_by_role("alert")).to_have_count(0)  # a key that is held down is one point, and not more than four
    labels, _ = saved_masks(page, tmp_path)
    assert iou(labels[0] == 1, clip.masks(FIRST)[0]) >= 0.8
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Delete object 1":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".object")).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body"), "whoever has no mouse is lost"


def test_a_box_is_drawn_by_dragging(page, clip, tmp_path):
    rows, columns = np.nonzero(clip.masks(FIRST)[0])
    size = clip.frames.shape[1]
    page.mouse.move(*on_screen(page, (columns.min() / size, rows.min() / size)))
    page.mouse.down()
    page.mouse.move(*on_screen(page, ((columns.max() + 1) / size, (rows.max() + 1) / size)), steps=5)
    page.mouse.up()
    expect(page.locator(".state")).to_have_text("found", timeout=LOADED)
    labels, _ = saved_masks(page, tmp_path)
    assert iou(labels[0] == 1, clip.masks(FIRST)[0]) >= 0.8


def test_two_fingers_neither_point_nor_draw(page, clip):
    one, other = (dict(zip("xy", on_screen(page, place), strict=True)) for place in ((0.3, 0.3), (0.7, 0.7)))
    touch = page.context.new_cdp_session(page)
    for kind, fingers in (("Start", [one]), ("Start", [one, other]), ("Move", [other, one]), ("End", [])):
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": fingers})
    expect(page.locator(".object")).to_have_count(0)


def test_masks_are_not_left_on_the_picture_that_one_goes_to(page, clip):
    """While frames are followed, the slider stays under the finger that goes there."""
    tap(page, clip.inside(FIRST))
    page.get_by_role("button", name="Play").click()
    slider = page.get_by_label("Place in the video")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    place, seen = slider.input_value(), page.locator(".time").text_content()
    expect(page.locator(".time")).not_to_have_text(seen)
    assert slider.input_value() == place
    page.mouse.up()
    expect(page.locator(".state")).to_have_text("waiting")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert not overlaid(page).any()


def test_a_second_point_in_the_same_frame_refines_the_object(page, clip, tmp_path):
    """On something else, so that a mask of both points differs from that of the first."""
    tap(page, clip.inside(FIRST))
    one, _ = saved_masks(page, tmp_path)
    tap(page, clip.inside(SECOND))
    both, _ = saved_masks(page, tmp_path)
    assert set(np.unique(both)) <= {0, 1}
    assert (one != both).any()


def test_what_does_not_belong_to_an_object_needs_the_object_first(page, clip):
    page.get_by_role("button", name="Remove").click()
    page.mouse.click(*on_screen(page, clip.inside(FIRST)))
    expect(page.get_by_role("alert").filter(has_text="Point at the object first")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()


def test_a_picture_is_segmented(page, clip, tmp_path):
    picture = tmp_path / "picture.png"
    Image.fromarray(clip.frames[0]).save(picture)
    choose(page, picture)
    tap(page, clip.inside(FIRST))
    labels, _ = saved_masks(page, tmp_path)
    assert iou(labels[0] == 1, clip.masks(FIRST)[0]) >= 0.8


def test_live_video_is_followed_and_the_mask_lies_on_the_object_as_in_a_mirror(page, clip):
    """A camera of which nobody knows where it looks is a webcam, and people see themselves in it as in a mirror."""
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.locator("video.mirrored")).to_be_visible()
    x, y = clip.inside(FIRST)
    page.mouse.click(*on_screen(page, (1 - x, y)))
    expect(page.locator(".state")).to_have_text("tracking", timeout=LOADED)
    drawn = overlaid(page)
    truth = np.asarray(Image.fromarray(clip.masks(FIRST)[0][:, ::-1]).resize(drawn.shape))
    # Beside the mask there are its outline, and the number above it.
    assert (drawn & truth).sum() / truth.sum() >= 0.9
    assert (drawn & truth).sum() / (drawn | truth).sum() >= 0.5
    page.get_by_role("tab", name="About").click()
    expect(page.locator("video")).to_have_count(0)


@pytest.mark.parametrize("button", ["Pause", "Play"])
def test_whoever_comes_back_to_the_camera_finds_it_as_it_was_and_its_objects_are_found_again(page, clip, button):
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.locator("video.mirrored")).to_be_visible()
    x, y = clip.inside(FIRST)
    page.mouse.click(*on_screen(page, (1 - x, y)))
    expect(page.locator(".state")).to_have_text("tracking", timeout=LOADED)
    if button == "Play":
        page.get_by_role("button", name="Pause").click()
    page.get_by_role("tab", name="Self-test").click()
    expect(page.locator("video")).to_have_count(0)
    page.get_by_role("tab", name="Track").click()
    expect(page.locator("video.mirrored")).to_be_visible()
    expect(page.get_by_role("button", name=button, exact=True)).to_be_visible()
    if button == "Play":
        expect(page.locator(".state")).to_have_text("waiting")
        page.get_by_role("button", name="Play").click()
    expect(page.locator(".state")).to_have_text("tracking", timeout=LOADED)


def test_when_all_is_forgotten_masks_are_counted_from_the_frame_that_is_shown(page, clip, tmp_path):
    tap(page, clip.inside(FIRST))
    follow_to_the_end(page)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Save masks")).to_be_disabled()
    tap(page, clip.inside(FIRST))
    _, times = saved_masks(page, tmp_path)
    assert times == pytest.approx([(len(clip.frames) - 1) / FPS], abs=1e-3)


def test_a_camera_that_is_allowed_too_late_is_turned_off(page):
    page.evaluate(
        """() => {
            const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
            const allowed = new Promise((allow) => { window.allow = allow })
            navigator.mediaDevices.getUserMedia = async (asked) => {
                await allowed
                window.camera = await real(asked)
                return window.camera
            }
        }"""
    )
    page.get_by_role("button", name="Camera", exact=True).click()
    page.get_by_role("tab", name="About").click()
    off = page.evaluate(
        """async () => {
            window.allow()
            const off = () => window.camera?.getTracks().every(({ readyState }) => readyState === 'ended') ?? false
            for (let drawn = 0; !off() && drawn < 300; drawn += 1) await new Promise(requestAnimationFrame)
            return off()
        }"""
    )
    assert off, "nobody looks at it"
    expect(page.locator("video")).to_have_count(0)
    page.evaluate("delete navigator.mediaDevices.getUserMedia")


def test_a_file_that_is_no_video_is_refused_in_a_sentence(page, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    page.locator("#media").set_input_files(broken)
    expect(page.get_by_role("alert").filter(has_text="cannot play broken.mp4")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("region", name="Messages")).to_be_focused()


def test_on_a_phone_nothing_is_wider_than_the_screen_and_all_buttons_are_as_large_as_a_thumb(page, clip):
    tap(page, clip.inside(FIRST))
    for name in ("Track", "Self-test", "Benchmark", "Kernel pack", "About"):
        page.get_by_role("tab", name=name).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, select, summary')]
                .filter((one) => one.checkVisibility())
                .map((one) => [one.ariaLabel ?? one.textContent, one.getBoundingClientRect()])
                .filter(([, { width, height }]) => Math.min(width, height) < 44)
                .map(([text]) => text)"""
        )
        assert small == [], name


def test_another_runtime_follows_too(page, clip, tmp_path):
    tap(page, clip.inside(FIRST))
    took = page.get_by_title("What it takes to find the masks in a picture").locator("dd")
    expect(took).to_have_text(re.compile(r"\d"))
    page.get_by_text("How it runs").click()
    run_by = page.get_by_label("Run by")
    default, *others = run_by.locator("option").all_text_contents()
    assert default.endswith("(default)")
    other = next(name for name in others if name.split(",")[0] != default.split(",")[0] and "CPU" in name)
    run_by.select_option(other)
    expect(run_by).to_be_enabled(timeout=LOADED)
    expect(page.get_by_text(f"You chose this; the default is {default.split(',')[0]} on the CPU")).to_be_visible()
    expect(took).to_have_text("–")  # what the other took is no figure of this one
    tap(page, clip.inside(FIRST))
    labels, _ = saved_masks(page, tmp_path)
    assert iou(labels[0] == 1, clip.masks(FIRST)[0]) >= 0.8
    page.get_by_text("How it runs").click()


def test_a_benchmark_is_sent_only_when_the_user_agrees_and_answers_for_this_browser(
    page, served, asked, trained_bundle, tmp_path
):
    """Before any other self-test, so that it is the benchmark that runs it."""
    page.get_by_role("tab", name="Benchmark").click()
    page.get_by_role("button", name="Run for a minute").click()
    expect(page.get_by_text(re.compile(r"^Frames: [1-9]"))).to_be_visible(timeout=LOADED)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("frames a second")).to_be_visible(timeout=LOADED)
    page.get_by_label("This device is called").fill("Test bench")
    saved = tmp_path / "benchmark.json"
    with latency_service() as service:
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as a file").click()
        download.value.save_as(saved)
        send, address = page.get_by_role("button", name="Send"), page.get_by_label("Its address")
        expect(send).to_be_disabled()
        expect(address).to_be_disabled()
        page.get_by_label("I want to send this result").check()
        address.fill(f"{service.url}#vitexport_token")
        assert service.asked == []
        assert {url for url in asked if not url.startswith(("blob:", "data:", f"{served.urls[0]}/"))} == set()
        send.click()
        expect(page.get_by_text("The latency service took the result.")).to_be_visible()
        page.get_by_role("button", name="Dismiss").click()
    assert (service.posted, service.authorised) == ([saved.read_bytes()], ["Bearer vitexport_token"])

    said = json.loads(saved.read_text())
    assert set(said["graphs"]) == {"encode_image", "track_step"}
    assert {said["n"]} == {times["n"] for times in (*said["graphs"].values(), *said["stages"].values())}
    for graph in said["graphs"].values():
        assert 0 < graph["p50"] <= graph["p90"] <= graph["p99"]
    assert said["selftest"]["pass"]
    assert (said["stopped"], said["warmup"]) == (True, 5)
    assert 0 < said["seconds"] < 60

    db = ("--db", f"sqlite:///{tmp_path / 'latency.sqlite3'}")
    imported = run("latency", "import", str(saved), "--bundle", str(trained_bundle.path), *db)
    assert imported.returncode == 0, imported.stderr
    target = ("--target", "chromium_on_test_bench", "--runtime", said["backend"])
    answer = run("latency", "efficienttam_nano", *target, *db, "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["method"] == "measured"
    assert found["ms"] == pytest.approx(sum(graph["p50"] for graph in said["graphs"].values()))
    assert "web app in Chromium" in found["reason"]


def test_the_self_test_is_run_and_agrees(page):
    page.get_by_role("tab", name="Self-test").click()
    page.get_by_role("button", name="Run the self-test").click()
    expect(page.get_by_text("Agrees with PyTorch")).to_be_visible(timeout=LOADED)


def test_it_works_without_a_network_after_the_first_load(browser, served, clip, tmp_path):
    # The browser says of every request that it has no network.
    with watched_page(browser, expected=["ERR_INTERNET_DISCONNECTED"]) as page:
        open_app(page, served.urls[0])
        page.context.set_offline(True)
        open_app(page, served.urls[0])
        choose(page, clip.path)
        tap(page, clip.inside(FIRST))
        labels, _ = saved_masks(page, tmp_path)
    assert iou(labels[0] == 1, clip.masks(FIRST)[0]) >= 0.8


def test_what_an_older_build_left_is_thrown_away(browser, served):
    with watched_page(browser) as page:
        kept = "async () => (await (await caches.open('app')).keys()).map(({ url }) => url)"
        in_control = """async () => {
            const { serviceWorker } = navigator
            if (serviceWorker.controller === null) {
                await new Promise((resolve) => { serviceWorker.oncontrollerchange = resolve })
            }
        }"""
        page.goto(served.urls[0])
        page.evaluate(in_control)
        assert f"{served.urls[0]}/" in page.evaluate(kept)
        page.evaluate("async () => (await caches.open('app')).put('assets/old-00000000.js', new Response(''))")
        page.evaluate("async () => (await navigator.serviceWorker.getRegistration()).unregister()")
        page.goto("about:blank")
        page.goto(served.urls[0])
        page.evaluate(in_control)
        left = page.evaluate(kept)
    assert f"{served.urls[0]}/" in left
    assert not any("old-00000000" in url for url in left)


def test_over_plain_http_it_says_why_there_is_no_camera_and_takes_files(browser, app, trained_bundle, clip):
    network = addresses_of("0.0.0.0").network
    if not network:
        pytest.skip("this machine is in no network")
    everywhere = ("--bundle", trained_bundle.path, "--host", "0.0.0.0")
    with serving(*everywhere) as served, watched_page(browser) as page:
        open_app(page, f"http://{network[0]}:{served.port}")
        expect(page.get_by_role("status").filter(has_text="plain HTTP")).to_be_visible()
        page.get_by_role("button", name="Use the camera").click()
        expect(page.get_by_role("alert").filter(has_text="vitexport serve app --https")).to_be_visible()
        choose(page, clip.path)
        tap(page, clip.inside(FIRST))


def test_untrained_weights_are_announced_on_every_screen(browser, app, tracker_bundle, trained_bundle):
    bundles = ("--bundle", tracker_bundle.path, "--bundle", trained_bundle.path)
    with serving(*bundles) as served, watched_page(browser, **PHONE) as page:
        open_app(page, served.urls[0])
        for name in ("Track", "Self-test", "About"):
            page.get_by_role("tab", name=name).click()
            expect(page.get_by_role("alert").filter(has_text="UNTRAINED")).to_be_visible()
        assert page.locator(".untrained button").count() == 0, "nobody can dismiss it"
        other = page.get_by_role("button", name=trained_bundle.path.name)
        other.click()
        expect(page.locator(".untrained")).to_be_hidden(timeout=LOADED)
        expect(other).to_be_focused()


def test_a_bundle_of_another_version_is_refused_in_a_sentence_and_the_open_one_stays(
    page, trained_bundle, clip, tmp_path
):
    manifest = json.loads((trained_bundle.path / "manifest.json").read_text())
    path = tmp_path / "altered.zip"
    with ZipFile(path, "w") as files:
        files.writestr("altered/manifest.json", json.dumps(manifest | {"schema_version": SCHEMA_VERSION - 1}))
    page.get_by_role("tab", name="About").click()
    page.locator('input[accept^=".zip"]').last.set_input_files(path)
    said = f"schema version {SCHEMA_VERSION - 1}, and this app reads {SCHEMA_VERSION}"
    sentence = page.get_by_role("alert").filter(has_text=said)
    expect(sentence).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    page.get_by_role("tab", name="Track").click()
    tap(page, clip.inside(FIRST))
