"""The app's engine in Chromium, called as the page of the app calls it."""

from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from exporter.bundle import Bundle
from exporter.verify.conformance import RecordedSequence, recorded_sequence
from exporter.verify.parity import mask_iou
from tests.apps.web.altered_site import Site

FOLLOWED = 3
"""Frames, of which object 0 is prompted in the first"""

FOLLOW = """async ([pictures, points]) => {
    const results = []
    for (const [frame, picture] of pictures.entries()) {
        const image = await createImageBitmap(await (await fetch(picture)).blob())
        const prompts = frame === 0 ? [{ object: 0, points }, { object: 7, points }] : []
        const { objects, ms, frame: number } = await engine.ask('track', { frame: 100 + frame, image, prompts })
        const seen = objects.map(({ maskLogits, ...rest }) => ({ ...rest, mask: [...maskLogits] }))
        results.push({ number, objects: seen, timed: Object.keys(ms), width: image.width })
        if (frame === 0) await engine.ask('forget', { object: 7 })
    }
    await engine.ask('forget', { object: 'all' })
    return results
}"""


@pytest.fixture(scope="module")
def recorded(trained_bundle: Bundle) -> RecordedSequence:
    manifest = trained_bundle.manifest
    return recorded_sequence(trained_bundle.path, manifest.sequence, manifest.model.image_size)


@pytest.fixture(scope="module")
def loaded(engine_page: Page, site: Site) -> Iterator[Page]:
    """The page, with an engine that has the bundle's graphs in LiteRT, which is the quicker to load."""
    summary = engine_page.evaluate(
        """async (url) => {
            window.engine = new engines.Engine()
            const summary = await engine.ask('open', { source: { kind: 'url', url } })
            const configuration = summary.configurations.find((one) => one.runtime === 'litert')
            return { ...summary, ...await engine.ask('load', { configuration: { ...configuration, threads: 1 } }) }
        }""",
        f"{site.url}/nano",
    )
    assert set(summary["loadMs"]) == {"encode_image", "prompt_points", "track_first", "track_step"}
    assert [one["runtime"] for one in summary["configurations"]] == ["litert", "onnx"]
    assert summary["trained"]
    yield engine_page
    engine_page.evaluate("engine.close()")


def url_of(frame: np.ndarray, side: int) -> str:
    """A frame, enlarged to so many pixels, as a URL of a PNG."""
    file = BytesIO()
    Image.fromarray(frame).resize((side, side), Image.Resampling.BICUBIC).save(file, "png")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def followed(page: Page, recorded: RecordedSequence, side: int) -> list[dict]:
    """What the engine sees in the first frames, which come in another size."""
    prompt = recorded.prompts[0][0]
    size = recorded.image_size
    points, labels = prompt.model_points(size, size, size)
    given = [
        {"x": float(x), "y": float(y), "label": int(label)} for (x, y), label in zip(points[0], labels[0], strict=True)
    ]
    pictures = [url_of(frame, side) for frame in recorded.frames[:FOLLOWED]]
    return page.evaluate(FOLLOW, [pictures, given])


def test_frames_of_the_models_size_give_the_masks_of_pytorch(loaded, recorded):
    results = followed(loaded, recorded, recorded.image_size)
    for frame, result in enumerate(results):
        seen = result["objects"][0]
        expected = recorded.expected["mask_logits"][0, frame, 0]
        assert np.abs(np.reshape(seen["mask"], expected.shape) - expected).max() < 1e-3
        assert (seen["side"], seen["status"]) == (len(expected), "tracking" if frame else "prompted")
    assert [result["number"] for result in results] == [100, 101, 102]


def test_frames_of_another_size_are_resized_and_show_the_same(loaded, recorded):
    for frame, result in enumerate(followed(loaded, recorded, 2 * recorded.image_size + 1)):
        expected = recorded.expected["mask_logits"][0, frame, 0]
        mask = np.reshape(result["objects"][0]["mask"], expected.shape)
        assert mask_iou(mask > 0, expected > 0) > 0.9


def test_several_objects_are_followed_until_they_are_forgotten(loaded, recorded):
    results = followed(loaded, recorded, recorded.image_size)
    assert [[one["id"] for one in result["objects"]] for result in results] == [[0, 7], [0], [0]]


def test_a_frame_is_timed_graph_by_graph_and_its_bitmap_freed(loaded, recorded):
    results = followed(loaded, recorded, recorded.image_size)
    assert [result["timed"] for result in results] == [
        ["resize", "encode_image", "prompt_points"],
        ["resize", "encode_image", "track_first"],
        ["resize", "encode_image", "track_step"],
    ]
    assert {result["width"] for result in results} == {0}  # the worker has it


def test_a_long_call_tells_how_far_it_is_and_stops_when_it_is_told_to(loaded):
    told, result = loaded.evaluate(
        """async () => {
            const told = []
            const result = await engine.ask('selfTest', {}, (share, what) => {
                told.push([share, what])
                if (told.length === 2) engine.ask('stop', {})
            })
            return [told, result]
        }"""
    )
    assert told[0] == [0, "Frame 1 of 24"]
    assert result["stopped"]
    assert 1 <= result["frames"] < 6
    assert result["pass"]


def test_calls_are_answered_in_their_order_and_a_stop_reaches_those_that_wait(loaded):
    answered = loaded.evaluate(
        """async () => {
            const answered = []
            const note = (name) => (answer) => { answered.push([name, answer.frames ?? null]) }
            await Promise.all([
                engine.ask('selfTest', {}).then(note('first')),
                engine.ask('selfTest', {}).then(note('second')),
                engine.ask('forget', { object: 'all' }).then(note('forget')),
                engine.ask('stop', {}).then(note('stop')),
            ])
            return answered
        }"""
    )
    assert [name for name, _ in answered] == ["stop", "first", "second", "forget"]
    assert dict(answered)["second"] == 0


@pytest.mark.parametrize(
    ("call", "ask", "sentence"),
    [
        ("load", "{ configuration: {} }", "No bundle is open; open one first."),
        ("selfTest", "{}", "No graphs are loaded; choose how they should run first."),
    ],
)
def test_a_call_that_comes_too_early_says_what_is_missing(engine_page, call, ask, sentence):
    said = engine_page.evaluate(
        f"""async () => {{
            const engine = new engines.Engine()
            const said = await engine.ask('{call}', {ask}).catch((error) => `${{error.name}}: ${{error.message}}`)
            engine.close()
            return said
        }}"""
    )
    assert said == f"EngineError: {sentence}"


def test_a_prompt_that_is_none_is_refused_and_the_engine_goes_on(loaded, recorded):
    said = loaded.evaluate(
        """async (picture) => {
            const image = await createImageBitmap(await (await fetch(picture)).blob())
            const prompts = [{ object: 0, points: [] }]
            return engine.ask('track', { frame: 0, image, prompts }).catch((error) => error.message)
        }""",
        url_of(recorded.frames[0], 64),
    )
    assert said == "A prompt has 1 to 4 points, a box counting as two; 0 were given."
    assert len(followed(loaded, recorded, 64)) == FOLLOWED


def test_what_was_asked_of_an_engine_that_ends_is_refused(engine_page):
    said = engine_page.evaluate(
        """async () => {
            const engine = new engines.Engine()
            const asked = engine.ask('forget', { object: 'all' }).catch((error) => error.message)
            engine.close()
            return asked
        }"""
    )
    assert said == "The worker that runs the graphs was ended."
