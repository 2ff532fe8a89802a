"""ATen's operators by name, with what a kernel's shapes leave open chosen: a table from name to a function of tensors.

`modules.py` makes modules of them. Where several choices fit the shapes, the first that moves data is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, permutations
from math import isqrt
from typing import Any

import torch
from torch.nn import functional as F

from latency_db.kernel import Shape

Compute = Callable[..., Any]
"""Of tensors, in the order of a kernel's inputs"""

UNARY: Mapping[str, Compute] = {
    "abs": torch.abs,
    "bitwise_not": torch.bitwise_not,
    "clamp": lambda x: torch.clamp(x, 0, 6),
    "cos": torch.cos,
    "elu": F.elu,
    "erf": torch.erf,
    "exp": torch.exp,
    "floor": torch.floor,
    "gelu": F.gelu,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "hardtanh": lambda x: F.hardtanh(x, 0, 6),
    "leaky_relu": F.leaky_relu,
    "log": torch.log,
    "logical_not": torch.logical_not,
    "mish": F.mish,
    "neg": torch.neg,
    "reciprocal": torch.reciprocal,
    "relu": F.relu,
    "relu6": F.relu6,
    "round": torch.round,
    "rsqrt": torch.rsqrt,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "sin": torch.sin,
    "softplus": F.softplus,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tanh": torch.tanh,
}

BINARY: Mapping[str, tuple[Compute, float | None]] = {
    "add": (torch.add, 0.5),
    "bitwise_and": (torch.bitwise_and, None),
    "bitwise_or": (torch.bitwise_or, None),
    "div": (torch.div, 2.0),
    "eq": (torch.eq, 1.0),
    "ge": (torch.ge, 0.5),
    "gt": (torch.gt, 0.5),
    "le": (torch.le, 0.5),
    "logical_and": (torch.logical_and, None),
    "logical_or": (torch.logical_or, None),
    "lt": (torch.lt, 0.5),
    "maximum": (torch.maximum, None),
    "minimum": (torch.minimum, None),
    "mul": (torch.mul, 0.5),
    "ne": (torch.ne, 1.0),
    "pow": (torch.pow, 2.0),
    "prelu": (F.prelu, None),
    "remainder": (torch.remainder, 2.0),
    "rsub": (torch.rsub, 1.0),
    "sub": (torch.sub, 0.5),
}
"""Operator -> how it is computed, and the number that it takes where it is given one tensor; None where it needs two"""


def reduction(name: str, given: Shape, made: Shape) -> Compute | None:
    """A reduction that turns `given` into `made`, over the last axes where several do."""
    for axes, keeps in _reduced(given, made):
        compute: Compute = torch.linalg.vector_norm if name == "linalg_vector_norm" else getattr(torch, name, torch.sum)
        match name:
            case "mean" | "sum" | "amax" | "amin" | "var" | "std" | "linalg_vector_norm":
                return lambda x, a=axes, k=keeps, c=compute: c(x, dim=a, keepdim=k)
            case "argmax" | "argmin" | "any" | "all" | "prod" if len(axes) == 1:
                return lambda x, a=axes[0], k=keeps, c=compute: c(x, dim=a, keepdim=k)
            case "max" | "min" if made == ():
                return compute
    return None


def _reduced(given: Shape, made: Shape) -> Iterator[tuple[tuple[int, ...], bool]]:
    """Axes whose reduction turns one shape into the other, and whether they stay as 1."""
    if len(given) == len(made):
        axes = tuple(axis for axis, (before, after) in enumerate(zip(given, made, strict=True)) if before != after)
        if all(made[axis] == 1 for axis in axes):
            yield axes or (len(given) - 1,), True
        return
    for axes in reversed(list(combinations(range(len(given)), len(given) - len(made)))):
        if tuple(extent for axis, extent in enumerate(given) if axis not in axes) == made:
            yield axes, False


def movement(name: str, given: tuple[Shape, ...], made: tuple[Shape, ...]) -> Compute | None:
    """What turns these shapes into those by moving data only; None where no choice of its arguments does."""
    return next((compute for compute in _movements(name, given, made) if compute is not None), None)


def _movements(name: str, given: tuple[Shape, ...], made: tuple[Shape, ...]) -> Iterator[Compute | None]:
    x, out = given[0] if given else (), made[0]
    axes = range(len(x))
    match name:
        case "transpose" | "swapaxes" | "movedim":
            compute = getattr(torch, name)
            for one, other in _swaps(x, out, moved=name == "movedim"):
                yield lambda t, a=one, b=other: compute(t, a, b)
        case "permute":
            for order in _orders(x, out):
                yield lambda t, o=order: t.permute(o)
        case "t" if len(x) == 2:
            yield torch.t
        case "cat" | "concat":
            for axis in range(len(out)):
                if (
                    sum(shape[axis] for shape in given if len(shape) == len(out)) == out[axis]
                    and len({shape[:axis] + shape[axis + 1 :] for shape in (*given, out)}) == 1
                ):
                    yield lambda *ts, a=axis: torch.cat(ts, a)
        case "stack":
            for axis in range(len(out)):
                if out[:axis] + out[axis + 1 :] == x and out[axis] == len(given):
                    yield lambda *ts, a=axis: torch.stack(ts, a)
        case "slice":
            differing = [axis for axis in axes if len(out) == len(x) and x[axis] != out[axis]] or [0]
            if len(differing) == 1:
                [axis] = differing
                yield lambda t: torch.ops.aten.slice.Tensor(t, axis, 0, out[axis])
        case "narrow":
            for axis in axes:
                yield (lambda t, a=axis: t.narrow(a, 0, out[a])) if _differ_at(axis, x, out) else None
        case "select":
            for axis in axes:
                yield (lambda t, a=axis: t.select(a, 0)) if x[:axis] + x[axis + 1 :] == out else None
        case "unbind":
            for axis in axes:
                if x[:axis] + x[axis + 1 :] == out and x[axis] == len(made):
                    yield lambda t, a=axis: t.unbind(a)
        case "chunk" | "split" | "split_with_sizes":
            for axis in axes:
                if all(_differ_at(axis, x, part) for part in made) and sum(part[axis] for part in made) == x[axis]:
                    yield _parts(name, axis, [part[axis] for part in made])
        case "expand":
            yield lambda t: t.expand(out)
        case "repeat" | "tile":
            padded = (1,) * (len(out) - len(x)) + x
            times = [after // before for before, after in zip(padded, out, strict=True)]
            if all(before * time == after for before, time, after in zip(padded, times, out, strict=True)):
                yield lambda t: getattr(t, name)(times)
        case "repeat_interleave":
            for axis in axes:
                if _differ_at(axis, x, out) and out[axis] % x[axis] == 0:
                    yield lambda t, a=axis: t.repeat_interleave(out[a] // x[a], dim=a)
        case "clone":
            yield torch.clone
        case "to" | "_to_copy":
            yield lambda t: t.to(torch.float16 if t.dtype == torch.float32 else torch.float32)
        case "pad" | "constant_pad_nd":
            if len(x) == len(out):
                yield lambda t: F.pad(t, _margins(x, out))
        case "roll":
            yield lambda t: t.roll((1,) * min(2, len(x)), tuple(axes)[-2:])
        case "flip":
            yield lambda t: t.flip(-1)
        case "pixel_shuffle" if out[-3] and isqrt(x[-3] // out[-3]) ** 2 * out[-3] == x[-3]:
            yield lambda t: F.pixel_shuffle(t, isqrt(x[-3] // out[-3]))
        case "pixel_unshuffle" if x[-3] and isqrt(out[-3] // x[-3]) ** 2 * x[-3] == out[-3]:
            yield lambda t: F.pixel_unshuffle(t, isqrt(out[-3] // x[-3]))
        case "channel_shuffle":
            yield lambda t: F.channel_shuffle(t, 2)
        case "masked_fill" if len(given) == 2:
            yield lambda t, mask: t.masked_fill(mask, 0.0)


def _swaps(x: Shape, out: Shape, moved: bool) -> Iterator[tuple[int, int]]:
    """Pairs of axes whose exchange (or, where `moved`, the one's move to the other) gives `out`, the last ones first;
    pairs of equal extents, which cannot be told, after those that are seen."""
    fits = []
    for one, other in reversed(list(combinations(range(len(x)), 2))):
        order = list(range(len(x)))
        if moved:
            order.insert(other, order.pop(one))
        else:
            order[one], order[other] = order[other], order[one]
        if tuple(x[axis] for axis in order) == out:
            fits.append((one, other))
    yield from sorted(fits, key=lambda pair: 1 in (x[pair[0]], x[pair[1]]))


def _orders(x: Shape, out: Shape) -> Iterator[tuple[int, ...]]:
    """Orders of the axes that give `out`; the one that changes nothing comes last."""
    fits = [order for order in permutations(range(len(x))) if tuple(x[axis] for axis in order) == out]
    yield from sorted(fits, key=lambda order: order == tuple(sorted(order)))


def _differ_at(axis: int, one: Shape, other: Shape) -> bool:
    """Whether two shapes are equal but for one axis."""
    return len(one) == len(other) and one[:axis] + one[axis + 1 :] == other[:axis] + other[axis + 1 :]


def _parts(name: str, axis: int, sizes: list[int]) -> Compute:
    match name:
        case "chunk":
            return lambda x: x.chunk(len(sizes), axis)
        case "split":
            return lambda x: x.split(sizes[0], axis)
    return lambda x: torch.ops.aten.split_with_sizes.default(x, sizes, axis)


def _margins(x: Shape, out: Shape) -> list[int]:
    """As `F.pad` takes them, the last axis first: the same on both sides, and the odd one behind."""
    margins: list[int] = []
    for before, after in zip(reversed(x), reversed(out), strict=True):
        margins += [(after - before) // 2, after - before - (after - before) // 2]
    return margins


def resampling(name: str, out: Shape) -> Compute | None:
    """To the extents of `out`, with corners that are not aligned."""
    modes = {"upsample_bilinear2d": "bilinear", "upsample_bicubic2d": "bicubic", "upsample_nearest2d": "nearest"}
    if name == "grid_sampler":
        return lambda x, grid: F.grid_sample(x, grid, align_corners=False)
    if name not in modes:
        return None
    return lambda x: F.interpolate(x, out[2:], mode=modes[name])
