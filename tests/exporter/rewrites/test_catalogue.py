"""Passes go by name, so that a backend can list them as data."""

import pytest

from exporter.backends import FORMATS, LowerOptions, backend, rewrites_for
from exporter.rewrites.catalogue import PASSES


@pytest.mark.parametrize("format", FORMATS)
def test_every_pass_that_a_backend_names_exists(format):
    for names in backend(format).REWRITES.values():
        assert set(names) <= set(PASSES)


@pytest.mark.parametrize("format", FORMATS)
def test_a_backend_has_a_list_for_every_delegate(format):
    module = backend(format)
    assert list(module.REWRITES) == (list(module.DELEGATES) or [None])


def test_core_ml_keeps_its_own_layer_norm_and_attention():
    tiles = ("attention_in_tiles",)
    assert rewrites_for(LowerOptions("fp16"), backend("coreml").REWRITES) == tiles
    assert rewrites_for(LowerOptions("fp32", delegate="coreml"), backend("executorch").REWRITES) == tiles


def test_no_passes_may_be_asked_for():
    assert rewrites_for(LowerOptions("fp32", rewrites=()), backend("executorch").REWRITES) == ()


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_says_whom_it_is_for(name):
    assert any(who in PASSES[name].__doc__ for who in ("XNNPACK", "ExecuTorch", "Core AI", "LiteRT", "Every runtime"))
