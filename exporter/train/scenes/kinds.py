"""Which shapes, textures and photographs scenes are made of: some to train on, others that training never sees."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.train.scenes import photographs, shapes, textures
from exporter.train.scenes.shapes import Shape
from exporter.train.scenes.textures import Texture


@dataclass(frozen=True)
class Kinds:
    """What objects and grounds are drawn from, each with equal chance."""

    shapes: Sequence[Shape]
    surfaces: Sequence[Texture]
    """Of objects; a kind that is to be frequent stands there more than once."""
    grounds: Sequence[Texture]


def _kinds(outlines: Sequence[Shape], patterns: Sequence[Texture], names: tuple[str, ...]) -> Kinds:
    photographed = [textures.of_photographs(names)] * len(patterns)
    return Kinds(outlines, [*patterns, *photographed], [*patterns, *photographed])


LETTERS, SIGNS = "ABCDEFGHJKLMNOPRSTUVXYZabdeghkmnpqrs", "2345679&?%"
TRAINING = _kinds(
    (
        shapes.blob, shapes.polygon, shapes.rectangle, shapes.ellipse, shapes.ring, shapes.union, shapes.sticks,
        shapes.wobbling, shapes.walker, shapes.glyph(LETTERS),
    ),
    (
        textures.plain, textures.gradient, textures.noise, textures.coloured_noise, textures.stripes, textures.checks,
        textures.dots,
    ),
    photographs.FOR_TRAINING,
)  # fmt: skip
HELD_OUT = _kinds(
    (shapes.star, shapes.crescent, shapes.heart, shapes.snake, shapes.glyph(SIGNS)),
    (textures.cells, textures.rings, textures.bricks),
    photographs.HELD_OUT,
)
