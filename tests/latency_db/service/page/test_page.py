"""The page in Chromium, before a running service; pages fail for every error in their console."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from latency_db import store
from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject
from tests.browsers import chromium, watched_page
from tests.latency_db.packs import pack_beside, result_of
from tests.latency_db.service.serving import serving

KEY = "conv 1x3x224x224>1x32x112x112 k3x3 s2x2 conv2d+relu float32"
PHONE = {"width": 375, "height": 800}
VIEWS = ("latency", "accuracy", "compared", "published", "measurements", "upload")
REFUSED = ["Failed to load resource"]
"""What Chromium says of every answer of 400 and more"""

MEASURED = Measurement(
    Device("pixel8", "Google Tensor G3"),
    Subject("graph", "efficientformer_l1 224x224 classify"),
    Conditions("tflite", "cpu", "fp32", threads=4),
    Latency(p50=41.5, p90=44.0, n=50, warmup=5),
    Source("reported", "vitexport app 1.0"),
)
ROWS = [
    MEASURED,
    replace(MEASURED, subject=Subject("graph", "mobilevit_xs 256x256 classify"), latency=Latency(p50=9000.0)),
    replace(MEASURED, subject=Subject("kernel", KEY), quality="suspect", note="<b>slower</b> than others"),
    *(replace(MEASURED, subject=Subject("kernel", KEY), latency=Latency(p50=1 + run / 100)) for run in range(60)),
]


@dataclass(frozen=True)
class Service:
    url: str
    token: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With what was measured on a Pixel 8."""
    url = f"sqlite:///{tmp_path_factory.mktemp('service') / 'latencies.db'}"
    with store.open(url) as database:
        database.add(ROWS)
        token = database.tokens.add("tests")
    with serving(url) as base:
        yield Service(base, token)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@contextmanager
def opened(browser: Browser, service: Service, query: str, **options) -> Iterator[Page]:
    """The page at an address; fails where it asks another origin for anything."""
    with watched_page(browser, **options) as page:
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{service.url}/?{query}")
        yield page
        assert [url for url in asked if not url.startswith((f"{service.url}/", "data:"))] == []


def settled(page: Page) -> Page:
    """Once nothing is waited for."""
    expect(page.locator("#view > :not(noscript)").first).to_be_attached()
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)
    return page


def rows_of(table: Locator) -> Locator:
    return table.locator("tbody tr")


def test_an_estimate_has_its_interval_method_and_costliest_kernels(browser, service):
    with opened(browser, service, "device=pixel8&model=mobilevit_xs") as page:
        settled(page)
        expect(page.locator("h2").first).to_have_text("mobilevit_xs at 256 px on Google Pixel 8")
        expect(page.locator(".interval").first).to_contain_text("nine times in ten")
        expect(page.locator(".method mark")).not_to_be_empty()
        shares = page.get_by_role("region", name="Kernels").locator("tbody td:nth-child(3)").all_inner_texts()
        figures = [float(share.removesuffix(" %")) for share in shares]
        assert figures == sorted(figures, reverse=True)
        assert 50 < sum(figures) < 105
        expect(page.locator(".chart .bar")).to_have_count(13)  # twelve, and all others


def test_pickers_are_searched_by_typing(browser, service):
    with opened(browser, service, "") as page:
        settled(page)
        page.get_by_role("combobox", name="Device").fill("tensor g3")
        page.get_by_role("option", name="Google Pixel 8").click()
        page.get_by_role("combobox", name="Model").fill("xxs")
        page.keyboard.press("Enter")
        expect(settled(page).locator("h2").first).to_have_text("mobilevit_xxs at 256 px on Google Pixel 8")


def test_a_link_opens_what_it_was_copied_from_and_back_returns(browser, service):
    with opened(browser, service, "view=latency&device=pixel8&model=mobilevit_xs") as page:
        settled(page)
        page.get_by_label("Runtime").select_option("tflite")
        page.get_by_label("Unit").select_option("gpu")
        expect(settled(page).locator(".conditions")).to_contain_text("tflite in fp32 on GPU")
        page.goto(page.url)
        expect(settled(page).get_by_label("Unit")).to_have_value("gpu")
        expect(page.locator(".conditions")).to_contain_text("tflite in fp32 on GPU")
        page.get_by_role("link", name="Published", exact=True).click()
        expect(page).to_have_title("Published · mobilevit_xs on pixel8")
        page.go_back()
        expect(settled(page).get_by_label("Unit")).to_have_value("gpu")


def test_what_is_unknown_is_said_in_the_services_sentence(browser, service):
    with opened(browser, service, "device=pixel8&model=resnet_of_nobody", expected=REFUSED) as page:
        expect(page.get_by_role("alert")).to_contain_text("resnet_of_nobody")


def test_models_that_nothing_beats_are_on_the_front(browser, service):
    with opened(browser, service, "view=accuracy&device=iphone15") as page:
        settled(page)
        rows = [row.locator("td").all_inner_texts() for row in rows_of(page.locator("table")).all()]
        front = {row[0] for row in rows if "yes" in row[3]}
        points = [(row[0], float(row[1].replace(",", "")), float(row[2])) for row in rows]
        beaten = {name for name, ms, top1 in points if any(m < ms and t > top1 for _, m, t in points)}
        assert front
        assert front.isdisjoint(beaten)
        boxes = [label.bounding_box() for label in page.locator("svg .label").all()]
        assert len(boxes) >= len(front)
        assert not any(overlap(one, other) for one in boxes for other in boxes if one is not other)
        page.locator("table").get_by_role("link", name="mobilevit_xs").click()
        expect(settled(page).locator("h2").first).to_have_text("mobilevit_xs at 256 px on iPhone 15")


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    """Of two labels' boxes, whose halos of 3 pixels may."""
    halos = 6
    return all(
        one[start] + halos < other[start] + other[length] and other[start] + halos < one[start] + one[length]
        for start, length in (("x", "width"), ("y", "height"))
    )


def test_what_was_measured_stands_beside_what_was_predicted(browser, service):
    with opened(browser, service, "view=compared&device=pixel8") as page:
        table = settled(page).get_by_role("region", name="Predicted and measured")
        row = rows_of(table).filter(has_text="efficientformer_l1")
        expect(row).to_contain_text("41.5")
        outside = rows_of(table).filter(has_text="◆ no")
        expect(outside).to_contain_text("mobilevit_xs")
        expect(page.locator(".chart .outside")).to_have_count(1)


def test_where_nothing_was_measured_it_says_what_to_do(browser, service):
    with opened(browser, service, "view=compared&device=iphone15") as page:
        page.locator(".empty").get_by_role("link", name="upload").click()
        expect(page.get_by_role("heading", name="Upload a benchmark")).to_be_visible()


def test_doubtful_published_rows_are_hollow_and_say_why(browser, service):
    with opened(browser, service, "view=published&model=mobilevitv2_100") as page:
        row = rows_of(settled(page).locator("table")).filter(has_text="wrong GMACs")
        expect(row).to_contain_text("arXiv 2303.15446")
        expect(page.locator(".chart .hollow")).to_have_count(1)
        expect(page.locator(".chart .dot")).to_have_count(rows_of(page.locator("table")).count())


def test_measurements_are_filtered_and_paged_and_their_notes_are_text(browser, service):
    with opened(browser, service, "view=measurements") as page:
        expect(rows_of(settled(page).locator("table"))).to_have_count(50)
        page.get_by_role("link", name="older").click()
        expect(rows_of(page.locator("table"))).to_have_count(13)
        page.get_by_label("Quality").select_option("suspect")
        expect(rows_of(page.locator("table"))).to_have_count(1)
        expect(page.locator("table")).to_contain_text("○ suspect: <b>slower</b> than others")


def test_a_benchmark_is_checked_then_added_with_its_manifest(browser, service, tmp_path: Path):
    pack = pack_beside(tmp_path, [KEY])
    result = tmp_path / "result.json"
    result.write_text(json.dumps(result_of(pack, {KEY: {"p50": 1.25}})))
    with opened(browser, service, "view=upload", expected=REFUSED) as page:
        page.get_by_label("Benchmark JSON").set_input_files(result)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("alert")).to_contain_text(pack[:12])
        expect(page.locator("#view")).to_contain_text("Choose the manifest.json")
        page.get_by_label("Its manifest.json").set_input_files(tmp_path / "manifest.json")
        page.get_by_label("Token").fill(service.token)
        for said in ("Added 1 row.", "The same file was added before"):
            page.get_by_role("button", name="Add").click()
            expect(page.locator(".done")).to_contain_text(said)
        expect(rows_of(page.locator("table"))).to_contain_text([f"{KEY}1.25"])
        assert service.token not in page.url
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".done")).to_contain_text("Checked; nothing was kept.")


def test_a_file_that_is_no_benchmark_is_refused_in_a_sentence(browser, service, tmp_path: Path):
    holiday = tmp_path / "holiday.json"
    holiday.write_text("{}")
    with opened(browser, service, "view=upload", expected=REFUSED) as page:
        page.get_by_label("Benchmark JSON").set_input_files(holiday)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("alert")).not_to_be_empty()
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("alert")).to_contain_text("Adding needs a token")


def test_everything_is_reached_by_keyboard(browser, service):
    with opened(browser, service, "") as page:
        settled(page)
        press(page, "Tab")
        expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
        press(page, "Tab", "ArrowDown", "ArrowDown")
        expect(page.get_by_role("listbox", name="Device")).to_be_visible()
        press(page, "Escape", "Tab", "Tab", "Tab", "Enter")
        expect(page).to_have_title("Accuracy · efficientformer_l1 on iphone15")
        expect(page.get_by_role("heading", name="Latency against accuracy on iPhone 15")).to_be_visible()
        expect(page.get_by_role("link", name="Accuracy")).to_be_focused()
        assert page.locator(":focus").evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
        press(page, "Tab", "Tab", "Tab", "Tab", "Tab")
        expect(page.get_by_label("Runtime")).to_be_focused()
        page.keyboard.type("ExecuTorch")
        expect(page.locator(".conditions")).to_contain_text("executorch")
        expect(page.get_by_label("Runtime")).to_be_focused()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_nothing_beyond_its_width_and_text_is_legible(browser, service, scheme):
    with opened(browser, service, "device=pixel8", viewport=PHONE, color_scheme=scheme) as page:
        for view in VIEWS:
            page.goto(f"{service.url}/?view={view}&device=pixel8")
            settled(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], view
        for colour in ("--ink", "--muted", "--accent", "--bad", "--good"):
            assert page.evaluate(CONTRAST, [colour, "--page"]) >= 4.5, colour


CONTRAST = """names => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const luminance = name => {
        canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
        canvas.fillRect(0, 0, 1, 1);
        const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
            .map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const [lower, higher] = names.map(luminance).sort((one, other) => one - other);
    return (higher + 0.05) / (lower + 0.05);
}"""
"""Of WCAG 2.1, between two of the page's colours"""


def test_the_first_view_asks_for_nothing_that_it_does_not_show(browser, service):
    with watched_page(browser) as page:
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url.removeprefix(service.url).partition("?")[0]))
        page.goto(service.url)
        settled(page)
        assert sorted(path for path in asked if path.startswith("/v1/")) == ["/v1/devices", "/v1/latency", "/v1/models"]
        assert not {f"/page/{view}.js" for view in VIEWS[1:]} & set(asked)
