"""A pickle as data: text, numbers, containers and tensors. No module that it names is imported, and nothing is called
but a few functions of ours.

`torch.load(weights_only=True)` runs no code either, but can be made to take any time and memory, and to end the
process. Here a step makes one object at most, takes no longer than what it reads, and the steps are counted.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from exporter.budgets import WEIGHTS_STEPS, WEIGHTS_TEXT
from exporter.errors import WeightsError


class DamagedPickle(Exception):
    """Bytes that no checkpoint has."""


class CodeInPickle(Exception):
    """A function or class that weights do not need; the argument is its name."""


@dataclass(frozen=True)
class Made:
    """What a pickle calls, and the function of ours that is called in its place."""

    by: Callable[..., Any]

    def call(self, arguments: Any) -> Any:
        if not isinstance(arguments, tuple) or len(arguments) > _MOST_ARGUMENTS:
            raise DamagedPickle("no arguments")
        return self.by(*arguments)


class Unpickler:
    """Reads one pickle after another from a file."""

    def __init__(self, file: BinaryIO, path: object, names: Mapping[str, Any], stored: Callable[[Any], Any]) -> None:
        """`path` is what messages call the file, `names` what a pickle may name: a module's function or class -> how it
        is `Made`, or a value. `stored` makes a storage of PyTorch's persistent id.
        """
        self._file, self._path, self._names, self._stored = file, path, names, stored

    def load(self) -> Any:
        """What the next pickle holds.

        Raises `CodeInPickle`, `WeightsError` for one that is too long and, for damaged bytes, `DamagedPickle` or
        whatever they lead Python to.
        """
        self._stack, self._below, self._memo = list[Any](), list[list[Any]](), dict[int, Any]()
        for _ in range(WEIGHTS_STEPS.most):
            code = self._file.read(1)
            if code == b".":
                return self._stack.pop()
            if code not in _STEPS:
                raise DamagedPickle(code)
            _STEPS[code](self)
        raise WEIGHTS_STEPS.exceeded(self._path, WeightsError)

    def _number(self, size: int, signed: bool = False) -> int:
        """Of so many bytes."""
        return int.from_bytes(self._file.read(size), "little", signed=signed)

    def _bytes(self, size: int) -> bytes:
        """As many as the number before them says, which has `size` bytes."""
        length = self._number(size)
        WEIGHTS_TEXT.check(length, self._path, WeightsError)
        return self._file.read(length)

    def _line(self) -> str:
        return self._file.readline(_LONGEST_LINE).decode().removesuffix("\n")

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def _last(self, count: int) -> tuple[Any, ...]:
        """The topmost values, taken away."""
        if len(self._stack) < count:
            raise DamagedPickle("values are missing")
        items = tuple(self._stack[-count:])
        del self._stack[-count:]
        return items

    def _extend(self, items: Any) -> None:
        sequence = self._stack[-1]
        if type(sequence) is not list:
            raise DamagedPickle("what takes no items")
        sequence += items

    def _fill(self, items: Any) -> None:
        """Set keys and values, in turn; what is under keys of other kinds is left out."""
        mapping = self._stack[-1]
        if type(mapping) is not dict:
            raise DamagedPickle("what takes no keys")
        mapping.update((key, value) for key, value in zip(items[::2], items[1::2], strict=True) if is_key(key))

    def _find(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or len(module) + len(name) > _LONGEST_LINE:
            raise DamagedPickle("no name")
        found = f"{'builtins' if module == '__builtin__' else module}.{name}"  # as Python 2 called it
        if found not in self._names:
            raise CodeInPickle(found)
        self._push(self._names[found])

    def _call(self) -> None:
        made, arguments = self._last(2)
        if not isinstance(made, Made):
            raise DamagedPickle("what cannot be called")
        self._push(made.call(arguments))

    def _keep(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _recall(self, place: int) -> None:
        self._push(self._memo[place])


_LONGEST_LINE = 200
"""Bytes of the name of a module, or of what is in it"""

_MOST_ARGUMENTS = 16
"""Of a call, which takes as long as there are"""


def is_key(key: Any) -> bool:
    """Whether it is one that is looked up in no time: the hash of tuples in tuples may take any, and all of the C
    stack, and as many large integers as one likes have the same."""
    if isinstance(key, int):
        return abs(key) < sys.hash_info.modulus
    return isinstance(key, str | float | bytes | None)


_STEPS: dict[bytes, Callable[[Unpickler], Any]] = {
    b"\x80": lambda self: self._file.read(1),  # the protocol
    b"\x95": lambda self: self._file.read(8),  # how long the next part is
    b"(": Unpickler._mark,
    b"N": lambda self: self._push(None),
    b"\x88": lambda self: self._push(True),
    b"\x89": lambda self: self._push(False),
    b"K": lambda self: self._push(self._number(1)),
    b"M": lambda self: self._push(self._number(2)),
    b"J": lambda self: self._push(self._number(4, signed=True)),
    b"G": lambda self: self._push(struct.unpack(">d", self._file.read(8))[0]),
    b"\x8a": lambda self: self._push(self._number(self._number(1), signed=True)),
    b"X": lambda self: self._push(self._bytes(4).decode()),
    b"\x8c": lambda self: self._push(self._bytes(1).decode()),
    b"\x8d": lambda self: self._push(self._bytes(8).decode()),
    b"U": lambda self: self._push(self._bytes(1).decode()),
    b"C": lambda self: self._push(self._bytes(1)),
    b"B": lambda self: self._push(self._bytes(4)),
    b"\x8e": lambda self: self._push(self._bytes(8)),
    b")": lambda self: self._push(()),
    b"\x85": lambda self: self._push(self._last(1)),
    b"\x86": lambda self: self._push(self._last(2)),
    b"\x87": lambda self: self._push(self._last(3)),
    b"t": lambda self: self._push(tuple(self._since_mark())),
    b"]": lambda self: self._push([]),
    b"\x8f": lambda self: self._push([]),  # a set: nothing is looked up in it
    b"\x90": lambda self: self._extend(self._since_mark()),
    b"\x91": lambda self: self._push(self._since_mark()),
    b"a": lambda self: self._extend(self._last(1)),
    b"e": lambda self: self._extend(self._since_mark()),
    b"}": lambda self: self._push({}),
    b"s": lambda self: self._fill(self._last(2)),
    b"u": lambda self: self._fill(self._since_mark()),
    b"c": lambda self: self._find(self._line(), self._line()),
    b"\x93": lambda self: self._find(*self._last(2)),
    b"R": Unpickler._call,
    b"\x81": Unpickler._call,
    b"b": lambda self: self._last(1),  # attributes, which weights do without
    b"Q": lambda self: self._push(self._stored(self._stack.pop())),
    b"q": lambda self: self._keep(self._number(1)),
    b"r": lambda self: self._keep(self._number(4)),
    b"\x94": lambda self: self._keep(len(self._memo)),
    b"h": lambda self: self._recall(self._number(1)),
    b"j": lambda self: self._recall(self._number(4)),
}
"""The operations of protocol 2, which torch.save writes, and those of later ones that say the same."""
