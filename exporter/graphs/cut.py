"""Cuts a model into the graphs of its task."""

import importlib

from exporter.graphs.capture import Graph
from exporter.graphs.tasks import TASKS
from exporter.models.model import Model
from exporter.models.registry import family_of


def graphs_of(model: Model) -> tuple[Graph, ...]:
    """The graphs of a model, in the order in which an app meets them. Raises `InputShapeError` for what has none."""
    family = family_of(model)
    graphs: tuple[Graph, ...] = importlib.import_module(f"exporter.graphs.{TASKS[family.task].module}").cut(
        model, family
    )
    return graphs
