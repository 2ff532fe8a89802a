"""Procedural video with exact masks: endless, seeded, and made as fast as a small model learns.

A scene is a background under a moving camera and a stack of objects, each a texture cut out by a shape and carried
along a path. What may be drawn is a table in two halves, kinds to train on and kinds held out.
"""

from exporter.train.scenes.clip import Clip, Recipe, make_clip
from exporter.train.scenes.kinds import HELD_OUT, TRAINING, Kinds

__all__ = ["HELD_OUT", "TRAINING", "Clip", "Kinds", "Recipe", "make_clip"]
