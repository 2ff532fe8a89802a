"""State dicts and files of them, for the tests of loading."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from exporter.models.classifier import Classifier

State = dict[str, Tensor]


def save(content, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    return path


def holds(model: Classifier, state: State) -> bool:
    own = model.state_dict()
    return own.keys() == state.keys() and all(torch.equal(own[key], state[key]) for key in own)


def kept(model: Classifier) -> State:
    return {key: value.clone() for key, value in model.state_dict().items()}


def logits(model: Classifier) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, model.in_channels, model.image_size, model.image_size, generator=generator)
    with torch.inference_mode():
        return model(image)
