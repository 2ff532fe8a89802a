"""Which of the tensors in a checkpoint are a model's weights, whatever they are wrapped in and called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from exporter.errors import WeightsError
from exporter.models.model import Model
from exporter.models.weights.key_map import OWN, KeyMap, unwrapped, whole
from exporter.models.weights.sound_tensors import refuse_kinds

Needed = Mapping[str, torch.Size | None]
"""What a model needs of a checkpoint: entry -> its shape; None where that depends on classes and image size"""

_DEEPEST = 4
"""Mappings and lists inside one another that are looked into."""

_PREFIX_PARTS = 16
"""Parts of a prefix that all names of a set may share."""

_AVERAGES = frozenset({"ema", "swa", "avg", "average", "averaged"})
"""Words in the name of a set that is an average over training."""

_OF_TRAINING = re.compile(r"optim|sched|exp_avg|momentum")
"""In the name of tensors that are as many as the model's, and are about its training."""

_LEAST, _MOST = 1 / 4, 16
"""A mapping with a smaller share of a model's entries is none of its state dicts. In a checkpoint that has so many
times as many tensors neither prefixes nor the names of others are looked for."""

_SOME = 64
"""Of a set's names, evenly spread, tell whether it may be under the names of others: renaming all takes time."""

_LISTED = 10
"""The most names in a message."""


@dataclass(frozen=True)
class WeightSet:
    """Tensors of a checkpoint that may be a model's weights."""

    name: str
    """Where they are in the checkpoint, parts joined by dots; "" for the checkpoint itself"""
    prefix: str
    """What all of their names began with"""
    state: Mapping[str, Tensor]
    """Under the names of the place that they come from, without prefix"""
    key_map: KeyMap
    """Whose names they are"""
    lacking: frozenset[str]
    """Entries of the model that they do not have"""
    fit: tuple[int, int]
    """How many they have, and of how many the shape is right"""
    left_out: int
    """Entries beside them that do not share their prefix"""
    statistics_of: str | None = None
    """The set that running statistics were taken from, by its name; None where they are its own"""

    @property
    def averaged(self) -> bool:
        return _is_average(self.name)


@dataclass(frozen=True)
class Choice:
    """The weights of a checkpoint that are taken."""

    taken: WeightSet
    others: tuple[WeightSet, ...] = ()
    """Those that would have done as well"""
    averages: tuple[str, ...] = ()
    """Averages over training that would not have done, by their names"""


def is_index(key: str) -> bool:
    """Whether an entry follows from the image size, so that a checkpoint may have it or not."""
    return key.rpartition(".")[2] == "attention_bias_idxs"


def needed(model: Model) -> Needed:
    """What a model needs of a checkpoint: neither indices nor the count of batches, which is for training."""
    return {
        key: None if model.in_head(key) or key.endswith(".attention_biases") else value.shape
        for key, value in model.state_dict().items()
        if not is_index(key) and key.rpartition(".")[2] != "num_batches_tracked"
    }


def weight_sets(content: Mapping[Any, Any], wanted: Needed, maps: Sequence[KeyMap]) -> list[WeightSet]:
    """The sets of tensors in a checkpoint that have entries of a model, those with most first.

    `maps` are the names that others use for its entries. Where no set has any of them, the largest is returned, and
    where there are no tensors none.
    """
    mappings = [
        (path, tensors)
        for path, entries in _mappings(content)
        if (tensors := {str(key): value for key, value in entries.items() if isinstance(value, Tensor)})
    ]
    in_all = sum(len(tensors) for _, tensors in mappings)
    find = _sets_in if in_all <= len(wanted) * _MOST else _set_as_it_is
    found = [
        one
        for path, tensors in mappings
        if len(tensors) > len(wanted) * _LEAST and not _OF_TRAINING.search(path.lower())
        for one in find(path, tensors, wanted, maps)
    ]
    if not found:
        path, largest = max(mappings, key=lambda one: len(one[1]), default=("", {}))
        return [_set(path, "", largest, wanted, ())] if largest else []
    best = max(found, key=lambda one: one.fit)
    return sorted((_completed(one, best) for one in found), key=lambda one: one.fit, reverse=True)


def tensors_in(content: Mapping[Any, Any]) -> Iterator[list[Tensor]]:
    """The tensors of each mapping in a checkpoint."""
    for _, entries in _mappings(content):
        yield [value for value in entries.values() if isinstance(value, Tensor)]


def choose(model: Model, content: Mapping[Any, Any], name: str | None, source: str) -> Choice:
    """The set of weights in a checkpoint that is called `name`, or else the one that fits the model best.

    Of those that fit equally well an average over training is taken. Raises `WeightsError` where it cannot be told
    which is meant, where there is none of that name, and for tensors of kinds that are no weights.
    """
    sets = weight_sets(content, needed(model), model.key_maps)
    if not sets:
        raise WeightsError(
            f"{source} holds no weights: expected names mapped to tensors, alone or under a name such as 'model'."
        )
    if name is not None:
        return Choice(_named(sets, name, source))
    best = [one for one in sets if one.fit == sets[0].fit]
    for one in best:
        refuse_kinds(one.state, f"{source} ({one.name})" if len(best) > 1 else source)
    different = [best[0], *(one for one in best[1:] if not _equal(one.state, best[0].state))]
    averaged = [one for one in different if one.averaged]
    if len(averaged) == 1:
        return Choice(averaged[0], tuple(one for one in different if one is not averaged[0]))
    if len(different) > 1:
        raise WeightsError(
            f"{source} holds {len(different)} sets of weights that fit: pass --weights-key with {_names(different)}."
        )
    return Choice(different[0], averages=tuple(_averages(content, best)))


def _named(sets: Sequence[WeightSet], name: str, source: str) -> WeightSet:
    wanted = [one for one in sets if one.name == name] or [one for one in sets if one.name.startswith(f"{name}.")]
    if len(wanted) == 1:
        refuse_kinds(wanted[0].state, source)
        return wanted[0]
    if not any(one.name for one in sets):
        raise WeightsError(f"{source} holds weights and nothing else, so there are none called {name!r}: leave it out.")
    problem = "more than one set of" if wanted else "no"
    raise WeightsError(
        f"{source} has {problem} weights called {name!r}: pass --weights-key with {_names(wanted or sets)}."
    )


def _names(sets: Sequence[WeightSet]) -> str:
    return " or ".join(repr(one.name) for one in sets[:_LISTED])


def _averages(content: Mapping[Any, Any], but: Sequence[WeightSet]) -> Iterator[str]:
    """Where a checkpoint has averages over training, other than some sets."""
    taken = {one.name for one in but}
    for path, entries in _mappings(content):
        has_tensors = any(isinstance(value, Tensor) for value in entries.values())
        if has_tensors and path not in taken and _is_average(path) and not _OF_TRAINING.search(path.lower()):
            yield path


def _is_average(name: str) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return not _AVERAGES.isdisjoint(word.lower() for word in words)


def _completed(one: WeightSet, plain: WeightSet) -> WeightSet:
    """Averages of a model's parameters alone, with the running statistics of `plain`; any other set as it is.

    Some training scripts average parameters only, and evaluate them with the statistics of the model that is trained.
    """
    statistics = all(key.endswith((".running_mean", ".running_var")) for key in one.lacking)
    if not (one.averaged and statistics and one.key_map is plain.key_map and one.lacking > plain.lacking):
        return one
    state = {**plain.state, **one.state}
    return replace(one, state=state, lacking=plain.lacking, fit=plain.fit, statistics_of=plain.name)


def containers(content: Any) -> Iterator[tuple[tuple[Any, ...], Mapping[Any, Any]]]:
    """A checkpoint and all mappings and lists in it, each once, with the keys on the way to it."""
    seen: set[int] = set()
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), content)]
    for place, container in waiting:
        if id(container) in seen or not isinstance(container, Mapping | list | tuple):
            continue
        seen.add(id(container))
        entries = container if isinstance(container, Mapping) else dict(enumerate(container))
        yield place, entries
        if len(place) < _DEEPEST:
            waiting += [((*place, key), value) for key, value in entries.items()]


def _mappings(content: Mapping[Any, Any]) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Those containers, with the way to each, parts joined by dots."""
    for place, entries in containers(content):
        yield ".".join(map(str, place)), entries


def _set_as_it_is(path: str, tensors: Mapping[str, Tensor], wanted: Needed, maps: Sequence[KeyMap]) -> list[WeightSet]:
    """One mapping, if it has any entry of the model under its own name."""
    return [_set(path, "", tensors, wanted, ())] if not tensors.keys().isdisjoint(wanted) else []


def _sets_in(path: str, tensors: Mapping[str, Tensor], wanted: Needed, maps: Sequence[KeyMap]) -> list[WeightSet]:
    """The sets in one mapping, under prefixes of their own.

    Only if nothing in it is complete, what may be a name of the model's own is taken for one that wraps it.
    """
    found: list[WeightSet] = []
    for further in (False, True):
        named = _unwrapped(tensors, further)
        if further and named.keys() == tensors.keys():
            break
        sets = [_set(path, prefix, named, wanted, maps) for prefix in _prefixes(named, len(wanted) // 2)]
        apart = _apart([one for one in sets if one.fit[0]])
        if not found or (apart and apart[0].fit > found[0].fit):
            found = apart
        if found and not found[0].lacking:
            break
    return found


def _apart(sets: Sequence[WeightSet]) -> list[WeightSet]:
    """The best of those sets that share names, as what a prefix begins and what the beginning of it begins do."""
    kept: list[WeightSet] = []
    for one in sorted(sets, key=lambda one: (one.fit, -len(one.prefix)), reverse=True):
        if not any(one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix) for other in kept):
            kept.append(one)
    return kept


def _unwrapped(tensors: Mapping[str, Tensor], further: bool) -> Mapping[str, Tensor]:
    """Tensors without what wraps modules, unless that is all that tells two of them apart."""
    names = {key: name for key in tensors if (name := unwrapped(key, further))}
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


def _set(path: str, prefix: str, tensors: Mapping[str, Tensor], wanted: Needed, maps: Sequence[KeyMap]) -> WeightSet:
    state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    name = ".".join(filter(None, (path, prefix.removesuffix("."))))

    def called_as(key_map: KeyMap) -> WeightSet:
        named = {key_map.named(key): value for key, value in state.items()}
        found = {whole(key) for key in named} & wanted.keys()
        fitting = sum(wanted[key] is None or (key in named and named[key].shape == wanted[key]) for key in found)
        lacking = frozenset(wanted.keys() - found)
        return WeightSet(name, prefix, state, key_map, lacking, (len(found), fitting), len(tensors) - len(state))

    ours = called_as(OWN)
    if not ours.lacking:
        return ours
    some = list(state)[:: len(state) // _SOME + 1]
    fitting = [one for one in maps if any(whole(one.named(key)) in wanted for key in some)]
    return max((ours, *map(called_as, fitting)), key=lambda one: one.fit)


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        value is other[key] or (value.shape == other[key].shape and bool((value == other[key]).all()))
        for key, value in one.items()
    )
