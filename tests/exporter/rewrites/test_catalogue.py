"""Passes go by name, so that a backend can list them as data."""

import pytest

from exporter.backends import FORMATS, backend
from exporter.backends.interface import LowerOptions
from exporter.rewrites.catalogue import PASSES


@pytest.mark.parametrize("format", FORMATS)
def test_every_pass_that_a_backend_names_exists(format):
    for names in backend(format).rewrites.values():
        assert set(names) <= set(PASSES)


@pytest.mark.parametrize("format", FORMATS)
def test_a_backend_has_a_list_for_every_delegate(format):
    record = backend(format)
    assert list(record.rewrites) == (list(record.delegates) or [None])


def test_core_ml_keeps_its_own_layer_norm_and_attention():
    tiles = ("attention_in_tiles",)
    assert backend("coreml").passes(LowerOptions("fp16")) == tiles
    assert backend("executorch").passes(LowerOptions("fp32", delegate="coreml")) == tiles


def test_no_passes_may_be_asked_for():
    assert backend("executorch").passes(LowerOptions("fp32", rewrites=())) == ()


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_says_whom_it_is_for(name):
    assert any(who in PASSES[name].__doc__ for who in ("XNNPACK", "ExecuTorch", "Core AI", "LiteRT", "Every runtime"))
