"""Our models compute what timm's compute: same weights, same pictures, same numbers at every stage."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from exporter.models.registry import create_model, model_info
from tests.exporter.models.timm_reference import fill_as_for_the_goldens, golden_outputs, golden_pictures

TOLERANCE = 1e-4  # of the reference's standard deviation; an independent fp32 rebuild differs by 1e-6


class Outputs(NamedTuple):
    ours: dict[str, np.ndarray]
    timms: dict[str, np.ndarray]


@pytest.fixture(scope="module", params=["efficientformer_l1", "efficientformerv2_s0", "mobilevit_s", "mobilevitv2_050"])
def outputs(request: pytest.FixtureRequest) -> Outputs:
    model, pictures = create_model(request.param), golden_pictures(model_info(request.param).family)
    fill_as_for_the_goldens(model)
    features: list[torch.Tensor] = []
    for stage in model.stages:
        stage.register_forward_hook(lambda _module, _inputs, out: features.append(out))
    with torch.inference_mode():
        ours = {"logits": model(pictures).numpy()}
        ours["pooled"] = model.forward_head(features[-1], pre_logits=True).numpy()
    for index, out in enumerate(features):
        # Tokens are [B, N, C], feature maps [B, C, H, W].
        ours[f"stage{index}_mean"] = out.mean(1 if out.ndim == 3 else (2, 3)).numpy()
    return Outputs(ours, golden_outputs(request.param))


def assert_close(ours: np.ndarray, timms: np.ndarray) -> None:
    np.testing.assert_allclose(ours, timms, rtol=0, atol=TOLERANCE * timms.std())


def test_every_stage_has_timms_mean_features(outputs):
    stages = [name for name in outputs.timms if name.startswith("stage")]
    assert len(stages) >= 4
    for name in stages:
        assert_close(outputs.ours[name], outputs.timms[name])


def test_pooled_features_are_timms(outputs):
    assert_close(outputs.ours["pooled"], outputs.timms["pooled"])


def test_logits_are_timms(outputs):
    assert_close(outputs.ours["logits"], outputs.timms["logits"])
