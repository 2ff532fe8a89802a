"""Nothing is in the table without a proof."""

from importlib import import_module
from pathlib import Path

from exporter.mil.operators import OPERATORS
from tests.exporter.mil.operators.examples import EXAMPLES


def test_every_operator_is_proved():
    """By a test of the module that mirrors the operator's: `proves` runs it for the operators that it names."""
    proved = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for test in vars(import_module(f"tests.exporter.mil.operators.{path.stem}")).values():
            for mark in getattr(test, "pytestmark", []):
                if mark.name == "parametrize" and mark.args[0] == "kind":
                    proved |= set(mark.args[1])
    assert proved == set(OPERATORS)


def test_every_operator_has_an_example():
    assert {example.kind for example in EXAMPLES} == set(OPERATORS)
