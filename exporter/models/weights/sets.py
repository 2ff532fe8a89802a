"""Which of the tensors in a checkpoint are a model's weights, whatever they are wrapped in and called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from exporter.errors import WeightsError
from exporter.models.weights.key_map import OWN, KeyMap, unwrapped, whole
from exporter.models.weights.sound_tensors import refuse_kinds

_DEEPEST = 4
"""Mappings inside mappings that are looked into."""

_PREFIX_PARTS = 4
"""Parts of a prefix that all names of a set may share."""

_AVERAGED = re.compile(r"(^|[^a-z])(ema|swa|averaged?)([^a-z]|$)")
"""In the name of a set: it is an average over training."""

_LEAST, _MOST = 1 / 4, 16
"""A mapping with a smaller share of a model's entries is none of its state dicts, and one that is so many times as long
is under none of the names of others."""

_LISTED = 10
"""The most names in a message."""


@dataclass(frozen=True)
class WeightSet:
    """Tensors of a checkpoint that may be a model's weights."""

    name: str
    """Where they are in the checkpoint, parts joined by dots; "" for the checkpoint itself"""
    state: Mapping[str, Tensor]
    """Under the names of the place that they come from, without prefix"""
    key_map: KeyMap
    """Whose names they are"""
    prefix: str
    """What all of their names began with"""
    lacking: frozenset[str]
    """Entries of the model that they do not have"""
    found: int
    """How many they have"""
    fitting: int
    """Those among them whose shape is right"""
    left_out: int
    """Entries beside them that do not share their prefix"""

    @property
    def averaged(self) -> bool:
        return _AVERAGED.search(self.name.lower()) is not None


def is_index(key: str) -> bool:
    """Whether an entry follows from the image size, so that a checkpoint may have it or not."""
    return key.rpartition(".")[2] == "attention_bias_idxs"


def required(own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a model needs of a checkpoint: neither indices nor the count of batches, which is for training."""
    return {k: value for k, value in own.items() if not is_index(k) and k.rpartition(".")[2] != "num_batches_tracked"}


def weight_sets(content: Mapping[Any, Any], own: Mapping[str, Tensor], maps: Sequence[KeyMap]) -> list[WeightSet]:
    """The sets of tensors in a checkpoint that have entries of a model, those with most first.

    `own` is what the model needs of a state dict, and `maps` are the names that others use for it. Where no set has any
    of it, the largest is returned, and where there are no tensors none.
    """
    found: list[WeightSet] = []
    largest: tuple[str, Mapping[str, Tensor]] = "", {}
    for path, entries in _mappings(content):
        tensors = _unwrapped({str(key): value for key, value in entries.items() if isinstance(value, Tensor)})
        largest = max(largest, (path, tensors), key=lambda one: len(one[1]))
        if len(tensors) > len(own) * _LEAST:
            sets = [_set(path, prefix, tensors, own, maps) for prefix in _prefixes(tensors, len(own) // 2)]
            found += _apart([one for one in sets if one.found])
    if not found:
        path, tensors = largest
        return [_set(path, "", tensors, own, ())] if tensors else []
    best = max(found, key=_rank)
    return sorted((_completed(one, best) for one in found), key=_rank, reverse=True)


def tensors_in(content: Mapping[Any, Any]) -> Iterator[Tensor]:
    """All tensors of a checkpoint."""
    for _, entries in _mappings(content):
        yield from (value for value in entries.values() if isinstance(value, Tensor))


def chosen(sets: Sequence[WeightSet], name: str | None, source: str) -> tuple[WeightSet, tuple[WeightSet, ...]]:
    """The set called `name`, or the one that fits best, and the others that fit as well.

    Of those that fit equally well an average over training is taken. Raises `WeightsError` where it cannot be told
    which is meant, where there is none of that name, and for tensors of kinds that are no weights.
    """
    if not sets:
        raise WeightsError(
            f"{source} holds no state dict: expected names mapped to tensors, alone or under a name such as 'model'."
        )
    if name is not None:
        wanted = [one for one in sets if one.name == name] or [one for one in sets if one.name.startswith(f"{name}.")]
        if len(wanted) != 1:
            problem = "more than one set of" if wanted else "no"
            raise WeightsError(
                f"{source} has {problem} weights called {name!r}: pass --weights-key with {_names(wanted or sets)}."
            )
        refuse_kinds(wanted[0].state, source)
        return wanted[0], ()
    best = [one for one in sets if _rank(one)[:2] == _rank(sets[0])[:2]]
    for one in best:
        refuse_kinds(one.state, source)
    different = [best[0], *(one for one in best[1:] if not _equal(one.state, best[0].state))]
    if len(different) == 1:
        return different[0], ()
    averaged = [one for one in different if one.averaged]
    if len(averaged) == 1:
        return averaged[0], tuple(one for one in different if one is not averaged[0])
    raise WeightsError(
        f"{source} holds {len(different)} sets of weights that fit: pass --weights-key with {_names(different)}."
    )


def _names(sets: Sequence[WeightSet]) -> str:
    return " or ".join(repr(one.name) for one in sets[:_LISTED])


def _completed(one: WeightSet, plain: WeightSet) -> WeightSet:
    """Averages of a model's parameters alone, with the running statistics of `plain`; any other set as it is.

    Some training scripts average parameters only, and evaluate them with the statistics of the model that is trained.
    """
    statistics = all(key.endswith((".running_mean", ".running_var")) for key in one.lacking)
    if not (one.averaged and statistics and one.key_map is plain.key_map and one.lacking > plain.lacking):
        return one
    return replace(
        one, state={**plain.state, **one.state}, lacking=plain.lacking, found=plain.found, fitting=plain.fitting
    )


def _rank(one: WeightSet) -> tuple[int, int, int]:
    return one.found, one.fitting, -len(one.name)


def _apart(sets: Sequence[WeightSet]) -> list[WeightSet]:
    """The best of those sets that share names, as what a prefix begins and what the beginning of it begins do."""
    kept: list[WeightSet] = []
    for one in sorted(sets, key=_rank, reverse=True):
        if not any(one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix) for other in kept):
            kept.append(one)
    return kept


def _mappings(content: Mapping[Any, Any]) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """A checkpoint and all mappings in it, each once, with the way to it."""
    seen: set[int] = set()
    waiting = [("", content, 0)]
    for path, mapping, depth in waiting:
        if id(mapping) in seen:
            continue
        seen.add(id(mapping))
        yield path, mapping
        waiting += [
            (f"{path}.{key}" if path else str(key), value, depth + 1)
            for key, value in mapping.items()
            if isinstance(value, Mapping) and depth < _DEEPEST
        ]


def _unwrapped(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Tensors without what training wraps modules in, unless that is all that tells two of them apart."""
    names = {key: name for key in tensors if (name := unwrapped(key))}
    if len(set(names.values())) < len(names):
        return tensors
    return {name: tensors[key] for key, name in names.items()}


def _prefixes(tensors: Mapping[str, Tensor], least: int) -> list[str]:
    """What the names of a set may begin with: nothing, and whatever `least` of them begin with."""
    counts: Counter[str] = Counter()
    for key in tensors:
        parts = key.split(".")
        counts.update(".".join(parts[:count]) + "." for count in range(1, min(len(parts), _PREFIX_PARTS + 1)))
    return ["", *(prefix for prefix, count in counts.items() if count >= max(least, 1))]


def _set(
    path: str, prefix: str, tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], maps: Sequence[KeyMap]
) -> WeightSet:
    state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}

    name = ".".join(filter(None, (path, prefix.removesuffix("."))))

    def called_as(key_map: KeyMap) -> WeightSet:
        named = {key_map.named(key): value for key, value in state.items()}
        found = {whole(key) for key in named} & own.keys()
        fitting = sum(key in named and named[key].shape == own[key].shape for key in found)
        lacking = frozenset(own.keys() - found)
        return WeightSet(name, state, key_map, prefix, lacking, len(found), fitting, len(tensors) - len(state))

    ours = called_as(OWN)
    if not ours.lacking or len(state) > len(own) * _MOST:
        return ours
    return max(ours, *map(called_as, maps), key=_rank) if maps else ours


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        value is other[key] or (value.shape == other[key].shape and bool((value == other[key]).all()))
        for key, value in one.items()
    )
