"""Statistics that are counted anew are those of what a network is given, whatever it had before."""

import torch
from torch import nn

from exporter.slim.statistics import recalibrate


def test_means_and_variances_are_those_of_all_batches_alike():
    norm = nn.BatchNorm2d(2)
    norm.running_mean.fill_(100.0)
    batches = [torch.randn(8, 2, 4, 4) + 3 * place for place in range(3)]
    recalibrate(nn.Sequential(norm), batches)
    means = torch.stack([batch.mean((0, 2, 3)) for batch in batches]).mean(0)
    variances = torch.stack([batch.var((0, 2, 3)) for batch in batches]).mean(0)
    assert torch.allclose(norm.running_mean, means, atol=1e-5)
    assert torch.allclose(norm.running_var, variances, atol=1e-5)


def test_weights_and_momentum_stay_and_the_model_is_left_in_eval():
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2, momentum=0.3)).train()
    before = [value.clone() for value in model.parameters()]
    recalibrate(model, [torch.randn(4, 3, 2, 2)])
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert model[1].momentum == 0.3
    assert not any(module.training for module in model.modules())
