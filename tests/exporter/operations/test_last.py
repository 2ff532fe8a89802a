"""What comes last is what no product comes after, but a last one."""

import pytest

from exporter.operations.last import last
from tests.exporter.operations.lines import program


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a = MUL image", "b = CONV a", "c = ADD b b", "d = MEAN c", "e = CONV d"], {"c", "d", "e"}),
        (["a = CONV image", "b = ADD a a"], {"b"}),
        (["a = CONV image", "b = GELU a", "c = CONV b", "d = ADD b c", "e = CONV d"], {"d", "e"}),
        (["a = CONV image", "b = CONV a", "c = CONV a"], {"b", "c"}),
        (["a = CONV image", "b = MUL a", "c = CONV b", "d = CONV c"], {"d"}),
        (["a = MUL image"], {"a"}),
    ],
    ids=["pooled", "sum", "residual", "two heads", "between products", "no product"],
)
def test_it_ends_at_the_last_product_that_is_read(lines, expected):
    assert {one.name for one in last(program(*lines), ("CONV",))} == expected
