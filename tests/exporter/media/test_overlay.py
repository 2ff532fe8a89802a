"""Pictures for people: tints, outlines, banners that fit, sheets in order."""

from fractions import Fraction

import numpy as np
import pytest

from exporter.media.masks import PALETTE
from exporter.media.overlay import GAP, THUMBNAIL, ContactSheet, contact_sheet, label_map, overlay

WARNING = "UNTRAINED WEIGHTS: masks are noise"


def grey(height=60, width=80):
    return np.full((height, width, 3), 200, np.uint8)


def box(height, width, top, left, bottom, right):
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = True
    return mask


def numbered(*masks):
    return dict(enumerate(masks, start=1))


def test_an_object_is_tinted_and_outlined_in_its_colour():
    masks = [box(60, 80, 10, 10, 30, 30), box(60, 80, 35, 40, 55, 70)]
    picture = overlay(grey(), numbered(*masks))
    assert picture.shape == (60, 80, 3)
    assert picture.dtype == np.uint8
    for number, (y, x) in enumerate([(20, 20), (45, 55)], start=1):
        assert np.array_equal(picture[y, x], 100 + PALETTE[number] // 2)
    for y, x in [(10, 20), (11, 20), (29, 20), (20, 10), (20, 29)]:
        assert np.array_equal(picture[y, x], PALETTE[1])
    assert not np.array_equal(picture[12, 20], PALETTE[1])
    assert (picture[~(masks[0] | masks[1])] == 200).all()


def test_the_frame_itself_is_left_alone():
    frame = grey()
    overlay(frame, numbered(np.ones((60, 80), bool)), WARNING)
    assert (frame == 200).all()


@pytest.mark.parametrize(("height", "width", "thickness"), [(60, 80, 2), (720, 1280, 2), (1920, 1080, 3)])
def test_an_outline_grows_with_the_frame(height, width, thickness):
    picture = overlay(grey(height, width), numbered(box(height, width, 10, 10, 50, 50)))
    assert (picture[30] == PALETTE[1]).all(axis=-1).sum() == 2 * thickness


def test_an_object_at_the_frame_s_edge_is_open_there():
    picture = overlay(grey(), numbered(box(60, 80, 0, 0, 30, 80)))
    assert np.array_equal(picture[0, 0], 100 + PALETTE[1] // 2)
    assert np.array_equal(picture[29, 0], PALETTE[1])


def test_an_object_thinner_than_two_outlines_is_solid():
    mask = box(60, 80, 10, 10, 13, 60)
    assert (overlay(grey(), numbered(mask))[mask] == PALETTE[1]).all()


def test_the_later_of_two_objects_is_on_top():
    whole = np.ones((60, 80), bool)
    assert np.array_equal(overlay(grey(), numbered(whole, box(60, 80, 0, 0, 9, 9)))[9 - 1, 0], PALETTE[2])


@pytest.mark.parametrize("size", [(48, 64), (60, 200), (240, 320), (1080, 1920), (640, 360), (200, 30)])
def test_a_banner_is_whole_and_leaves_most_of_the_frame(size):
    picture = overlay(grey(*size), {}, WARNING)
    changed = (picture != 200).any(axis=(1, 2))
    top = int(changed.argmax())
    assert changed[top:].all()
    assert top >= size[0] * 0.6
    ink = picture[top:].max(axis=-1) > 100
    assert ink.any()
    assert not ink[:, 0].any()
    assert not ink[:, -1].any()


def test_a_banner_s_letters_are_large_in_a_large_frame():
    for height, width in [(240, 320), (1080, 1920)]:
        ink = overlay(np.zeros((height, width, 3), np.uint8), {}, WARNING).max(axis=-1) > 100
        assert ink.any(axis=0).sum() > 0.25 * width
        assert ink.any(axis=1).sum() > height / 40


def test_no_banner_without_text():
    assert (overlay(grey(), {}, "") == 200).all()


def test_a_frame_of_many_rows_is_drawn_on_as_one_of_few_is():
    shape = np.random.default_rng(0).random((40, 80)) > 0.4
    tall = np.tile(shape, (20, 1))  # 800 rows, in which the shape begins anew where rows are parted and elsewhere
    picture = overlay(grey(800, 80), numbered(tall))
    middle = overlay(grey(120, 80), numbered(np.tile(shape, (3, 1))))[40:80]
    assert all(np.array_equal(picture[top : top + 40], middle) for top in range(40, 760, 40))


def test_a_sheet_has_its_frames_in_rows():
    frames = [np.full((30, 40, 3), value, np.uint8) for value in (50, 100, 150, 200, 250)]
    sheet = np.asarray(contact_sheet(frames, columns=3))
    height = THUMBNAIL * 30 // 40
    assert sheet.shape == (2 * (height + GAP) + GAP, 3 * (THUMBNAIL + GAP) + GAP, 3)
    centres = [(GAP + height // 2 + row * (height + GAP), GAP + THUMBNAIL // 2 + column * (THUMBNAIL + GAP))
               for row in range(2) for column in range(3)]  # fmt: skip
    assert [sheet[centre][0] for centre in centres] == [50, 100, 150, 200, 250, 0]


def test_a_sheet_is_no_wider_than_its_frames():
    assert contact_sheet([grey()], columns=8).width == THUMBNAIL + 2 * GAP


def test_captions_stand_below_their_frames():
    frames = [np.zeros((30, 40, 3), np.uint8)] * 2
    plain, captioned = contact_sheet(frames, 2), contact_sheet(frames, 2, ["frame 0", "a longer caption " * 6])
    assert captioned.width == plain.width
    below = np.asarray(captioned)[plain.height - GAP :]
    for left in (GAP, THUMBNAIL + 2 * GAP):
        assert below[:, left : left + THUMBNAIL].max() == 255
    with pytest.raises(ValueError, match="zip"):
        contact_sheet(frames, 2, ["one"])


def test_where_objects_overlap_the_first_wins():
    one, two = np.zeros((1, 3), bool), np.zeros((1, 3), bool)
    one[0, :2], two[0, 1:] = True, True
    assert label_map({1: one, 2: two}).tolist() == [[1, 1, 2]]


@pytest.mark.parametrize(
    ("count", "shown"), [(1, range(1)), (24, range(24)), (25, range(0, 25, 2)), (100, range(0, 100, 8))]
)
def test_a_video_of_any_length_fits_on_one_sheet(count, shown):
    sheet = ContactSheet()
    for number in range(count):
        sheet.add(str(number), grey())
    assert [caption for caption, _ in sheet.kept] == list(map(str, shown))
    assert sheet.picture().width == min(len(shown), 6) * (THUMBNAIL + GAP) + GAP


def test_frames_whose_pixels_are_not_square_are_stretched_on_the_sheet():
    sheet = ContactSheet(Fraction(4, 3))
    sheet.add("", np.zeros((60, 80, 3), np.uint8))
    ((_, thumbnail),) = sheet.kept
    assert thumbnail.shape == (135, THUMBNAIL, 3)


def test_an_object_has_the_number_and_the_colour_that_it_is_called_by():
    mask = box(60, 80, 10, 10, 30, 30)
    assert label_map({5: mask})[20, 20] == 5
    assert np.array_equal(overlay(grey(), {5: mask})[20, 20], 100 + PALETTE[5] // 2)
