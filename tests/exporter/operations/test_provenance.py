"""While a toolchain works, records of where nodes come from are shared; afterwards torch is as it was."""

import copy

import pytest
from torch.fx.traceback import NodeSource

from exporter.operations.provenance import shared_provenance


def test_a_record_stands_in_for_its_copy():
    record = NodeSource(None, "a pass")
    with shared_provenance(), shared_provenance():
        assert copy.deepcopy([record])[0] is record
    assert copy.deepcopy([record])[0] is not record


def test_torch_is_as_it_was_after_a_failure():
    with pytest.raises(ZeroDivisionError), shared_provenance():
        1 / 0  # noqa: B018
    assert "__deepcopy__" not in NodeSource.__dict__
