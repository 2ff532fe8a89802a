"""A classifier's one graph: camera pixels in, logits out."""

import pytest
import torch

from exporter.errors import InputShapeError
from exporter.graphs.cut import graphs_of
from exporter.models.registry import create_model, family_of
from exporter.models.weights.loading import seed_weights
from tests.models import NUM_CLASSES, SMALLEST, classifier_graph


@pytest.mark.parametrize("family", SMALLEST)
def test_the_graph_takes_pixels_and_normalises_them_as_in_training(family):
    graph = classifier_graph(family)
    model = graph.module.model
    pixels = torch.randint(0, 256, (1, 3, model.image_size, model.image_size)).float()
    mean, std = (torch.tensor(values)[:, None, None] for values in (family_of(model).mean, family_of(model).std))
    expected = model((pixels / 255 - mean) / std)
    for answer in (graph.module(pixels), graph.program.module()(image=pixels)):
        assert torch.allclose(answer["logits"], expected, atol=1e-5 * float(expected.abs().max()))


def test_the_graph_states_its_inputs_and_outputs():
    graph = classifier_graph("mobilevit")
    assert graph.name == "classify"
    assert [(spec.name, spec.shape, spec.value_range) for spec in graph.inputs] == [("image", (1, 3, 96, 96), (0, 255))]
    assert [(spec.name, spec.shape) for spec in graph.outputs] == [("logits", (1, NUM_CLASSES))]


def test_no_tensor_in_a_program_has_more_than_four_axes():
    for family in SMALLEST:
        graph = classifier_graph(family)
        ranks = [node.meta["val"].ndim for node in graph.program.graph.nodes if hasattr(node.meta.get("val"), "ndim")]
        assert max(ranks) <= 4, family


def test_a_model_without_three_channels_has_no_camera_graph():
    model = create_model("mobilevit_xxs", 64, in_channels=1)
    with pytest.raises(InputShapeError, match="RGB"):
        graphs_of(model)


@pytest.mark.parametrize(
    ("classes", "multi_label", "kind"),
    [(3, False, "class_scores"), (3, True, "label_scores"), (1, False, "label_scores")],
)
def test_the_graph_says_whether_one_class_is_right_or_each_is_judged_by_itself(classes, multi_label, kind):
    model = create_model("mobilevit_xxs", 32, num_classes=classes, multi_label=multi_label)
    seed_weights(model)
    (graph,) = graphs_of(model)
    assert graph.outputs[0].kind == kind
