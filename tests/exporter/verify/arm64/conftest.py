"""The arm64 system: made once, in the user's cache, where it is the next time too."""

import pytest

from exporter.verify.arm64.root import PROGRAMS, Root, prepare
from tests.system_programs import require


@pytest.fixture(scope="session")
def arm64() -> Root:
    for program in PROGRAMS:
        require(program)
    return prepare()
