"""The shaders of the Android app, run by Chromium: WebGL 2 has the language of OpenGL ES 3, and its textures."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.apps.android.project import APP
from tests.browsers import chromium, watched_page

SOURCE = APP / "src" / "main" / "kotlin" / "dev" / "vitexport" / "app" / "overlay" / "MaskProgram.kt"
DRAWING = Path(__file__).with_name("masks.js").read_text().partition("\n")[2].partition("\n")[2]

SIDE, WIDTH, HEIGHT = 8, 96, 64
FULL = 255


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser, watched_page(browser) as opened:
        yield opened


def shader(name: str) -> str:
    found = re.search(rf'const val {name} = """(.*?)"""', SOURCE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def drawn(page: Page, logits: NDArray[np.float32], **look: object) -> NDArray[np.uint8]:
    """Red of each pixel [HEIGHT, WIDTH]"""
    defaults = {"mirrored": False, "opacity": 1.0, "outline": 0.0}
    asked = defaults | look | {"logits": logits.ravel().tolist(), "side": SIDE, "width": WIDTH, "height": HEIGHT}
    asked |= {"vertices": shader("VERTICES"), "fragments": shader("FRAGMENTS")}
    return np.array(page.evaluate(DRAWING, asked), np.uint8).reshape(HEIGHT, WIDTH)


def enlarged(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bilinear with pixels' centres aligned [HEIGHT, WIDTH]"""

    def matrix(size: int) -> NDArray[np.float32]:
        places = np.clip((np.arange(size) + 0.5) * SIDE / size - 0.5, 0, SIDE - 1)
        return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(SIDE))).astype(np.float32)

    return matrix(HEIGHT) @ logits @ matrix(WIDTH).T


@pytest.fixture
def logits() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)


def test_a_mask_is_where_the_enlarged_logits_are_positive(page: Page, logits: NDArray[np.float32]) -> None:
    wanted = enlarged(logits)
    clear = np.abs(wanted) > 0.02  # of what is nearer to zero, half precision may see the other side
    assert np.mean(clear) > 0.9
    assert np.array_equal((drawn(page, logits) == FULL)[clear], (wanted > 0)[clear])


def test_a_mirrored_mask_is_the_other_way_round(page: Page, logits: NDArray[np.float32]) -> None:
    assert np.array_equal(drawn(page, logits, mirrored=True), drawn(page, logits)[:, ::-1])


def test_its_inside_has_the_opacity_and_its_outline_is_full(page: Page) -> None:
    logits = np.full((SIDE, SIDE), -1, np.float32)
    logits[2:6, 2:6] = 1
    found = drawn(page, logits, opacity=0.5, outline=2.5)
    assert set(np.unique(found)) == {0, 127, FULL} or set(np.unique(found)) == {0, 128, FULL}
    assert found[HEIGHT // 2, WIDTH // 2] < FULL
    row = found[HEIGHT // 2]
    assert row[np.nonzero(row)[0][0]] == FULL


def test_logits_that_are_not_finite_are_no_mask(page: Page) -> None:
    assert not drawn(page, np.full((SIDE, SIDE), np.nan, np.float32)).any()
