"""A norm is found by its root: its statistics, and all that is computed of them and of what they are of."""

import pytest

from exporter.operations.normalisation import NormKinds, normalisations
from tests.exporter.operations.lines import program

KINDS = NormKinds("ROOT", ("SUB", "SQUARED_DIFFERENCE"), ("ADD", "MUL", "SUB", "DIV"), ("VIEW",))
LAYER = (
    "x = CONV image", "v = VIEW x", "m = MEAN v", "mv = VIEW m", "d = SQUARED_DIFFERENCE v mv", "s = MEAN d",
    "e = ADD s", "r = ROOT e", "mr = MUL r m", "rv = VIEW r", "g = MUL v rv", "n = ADD g mr", "y = CONV n",
)  # fmt: skip
"""As LiteRT's converter writes a layer norm"""
GROUP = (
    "x = CONV image", "a = CONV x", "v = VIEW x", "m = MEAN v", "c = SUB v m", "q = MUL c c", "s = MEAN q",
    "r = ROOT s", "w = VIEW x", "g = MUL w r", "b = ADD g", "t = VIEW b", "y = CONV t", "z = ADD x y",
)  # fmt: skip
"""A group norm before a residual branch, given another view than its statistics are of"""
DIVIDED = (
    "x = CONV image",
    "m = MEAN x",
    "c = SUB x m",
    "q = SQUARE c",
    "s = MEAN q",
    "r = ROOT s",
    "g = DIV c r",
    "y = CONV g",
)
"""As Core ML's converter writes a group norm"""
ROOT_MEAN_SQUARE = ("x = ADD image a", "q = MUL x x", "s = MEAN q", "r = ROOT s", "g = MUL x r", "y = CONV g")
MEAN_AS_PRODUCT = (
    "x = ADD a b", "m = CONV x", "c = SUB x m", "q = MUL c c", "s = CONV q", "r = ROOT s", "g = MUL c r", "y = GELU g",
    "z = MUL y",
)  # fmt: skip
"""As XNNPACK is given it"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (LAYER, "m mv d s e r mr rv g n"),
        (GROUP, "m c q s r g b"),
        (ROOT_MEAN_SQUARE, "q s r g"),
        (MEAN_AS_PRODUCT, "m c q s r g"),
        (DIVIDED, "m c q s r g"),
        ([line.replace("DIFFERENCE v mv", "DIFFERENCE mv v") for line in LAYER], "m mv d s e r mr rv g n"),
        ((*DIVIDED, "z = ADD g x"), "m c q s r g"),
        ((*DIVIDED, "z = SUB x g"), "m c q s r g"),
        (("x = CONV image", "y = CONV x", "z = ADD x y", "q = SQUARE z", "r = ROOT q", "g = DIV z r"), ""),
        (("x = CONV image", "r = ROOT x", "y = MUL r"), ""),
        (("x = CONV image", "q = SUB x other", "s = MEAN q", "r = ROOT s", "y = MUL r"), ""),
        (("r = ROOT image",), ""),
        (("x = MUL image", "y = ADD x"), ""),
    ],
    ids=[
        "layer",
        "group",
        "root mean square",
        "means as products",
        "divided",
        "a mean less its values",
        "a residual branch of its own source",
        "the same that is subtracted",
        "a residual sum",
        "no mean",
        "a distance",
        "an input",
        "no root",
    ],
)
def test_it_is_all_between_what_is_normalised_and_what_reads_the_result(lines, expected):
    found = normalisations(program(*lines), KINDS)
    assert {one.name for one in found} == set(expected.split())


def test_one_after_the_other_are_told_apart():
    lines = (*_numbered(LAYER, 1), *_numbered([line.replace("image", "y1") for line in LAYER], 2))
    found = {one.name for one in normalisations(program(*lines), KINDS)}
    assert {"n1", "n2"} <= found
    assert not {"x1", "v1", "y1", "x2", "v2", "y2"} & found


def _numbered(lines, number):
    """The same with other names for what is computed."""
    made = {line.split()[0] for line in lines}
    return [" ".join(f"{word}{number}" if word in made else word for word in line.split()) for line in lines]
