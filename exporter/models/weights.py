"""Weights of a model: from a file, from the hub, or seeded; every mismatch is reported at once and by name."""

import contextlib
import errno
import hashlib
import pickletools
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.errors import WeightsError
from exporter.models.model import Model
from exporter.models.registry import ModelInfo
from exporter.models.seeded import seeded_tensor

_WRAPPERS = ("model", "state_dict")
"""Entries under which training scripts save the state dict."""

StateDict = Mapping[str, Tensor]


@dataclass(frozen=True)
class Hub:
    """Where published weights are fetched from and kept; what is None is what huggingface_hub's environment says."""

    endpoint: str | None = None
    """URL of a server with the interface of huggingface.co"""
    cache: Path | None = None
    """Folder with what was fetched before"""
    seconds: float = 5.0
    """The longest that a hub which does not answer may hold an export up"""


@dataclass(frozen=True)
class LoadedWeights:
    """Where a model's weights came from."""

    kind: Literal["hub", "file", "seeded"]
    source: str
    """Hub id, file name, or "seeded", with what could not be had."""
    sha256: str
    """Of the file; of keys and values in key order where there is none."""
    trained_at: int | None
    """Image size in pixels that they were trained at; None where nobody said, or nobody trained them."""
    resized: tuple[str, ...] = ()
    """Bias tables that were interpolated because the checkpoint is for another image size."""

    @property
    def trained(self) -> bool:
        return self.kind != "seeded"


def provide_weights(model: Model, info: ModelInfo, choice: str, hub: Hub | None = None) -> LoadedWeights:
    """Fill `model` as `choice` says: "auto", "required", "random", or the path of a checkpoint.

    "auto" takes official weights from the local cache or the hub and falls back to seeded ones; "required" does not.
    Raises `WeightsError`.
    """
    if choice == "random":
        return seed_weights(model)
    if choice in ("auto", "required"):
        path = _official_file(info.hub_id, info.hub_file, hub or Hub())
        if path is None and choice == "auto":
            return replace(seed_weights(model), source=f"seeded ({info.hub_source} could not be had)")
        if path is None:
            raise WeightsError(
                f"The weights {info.hub_source} are neither in the local cache nor to be had from the hub; "
                f"connect, or pass --weights FILE with a checkpoint of {info.name}."
            )
        resized = load_weights(model, path)
        return LoadedWeights("hub", info.hub_source, _file_sha256(path), info.trained_at, resized)
    path = Path(choice)
    resized = load_weights(model, path)
    return LoadedWeights("file", path.name, _file_sha256(path), None, resized)


def load_weights(model: Model, source: str | Path | StateDict) -> tuple[str, ...]:
    """Load a checkpoint file or a state dict, under timm's keys or those of the authors' repository.

    Attention-bias tables of a checkpoint for another image size are interpolated; their keys are returned. Raises
    `WeightsError` with the name of every missing, unexpected and mis-shaped key, leaving the model as it was.
    """
    state = read_checkpoint(Path(source)) if isinstance(source, str | Path) else dict(source)
    own = model.state_dict()
    # Index buffers follow from the image size, so a checkpoint may hold them or not; "module." is left by DataParallel.
    state = {key.removeprefix("module."): value for key, value in state.items() if not _is_index(key)}
    state = _own_names(state, own, model.official_keys)
    state, resized = _fit_shapes(state, own)
    problems = [
        *_listed("missing", (key for key in own if key not in state and not _is_index(key))),
        *_listed("unexpected", (key for key in state if key not in own)),
        *_listed(
            "mis-shaped",
            (
                f"{key} {list(value.shape)} instead of {list(own[key].shape)}"
                for key, value in state.items()
                if key in own and value.shape != own[key].shape
            ),
        ),
    ]
    if problems:
        raise WeightsError(f"The checkpoint does not fit {model.summary}: {'; '.join(problems)}.")
    model.load_state_dict({**own, **state})
    return resized


def seed_weights(model: Model) -> LoadedWeights:
    """Fill the model with deterministic weights as its family wants them; indices and counters keep their values."""
    state = model.state_dict()
    digest = hashlib.sha256()
    for key in sorted(key for key, value in state.items() if value.is_floating_point()):
        values = seeded_tensor(key, tuple(state[key].shape), model.fill)
        state[key].copy_(torch.from_numpy(values))
        digest.update(key.encode())
        digest.update(values.tobytes())
    return LoadedWeights("seeded", "seeded", digest.hexdigest(), None)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a .pt, .pth, .bin or .safetensors file. Never runs code from it. Raises `WeightsError`."""
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; --weights takes auto, required, random or a path.")
    match path.suffix:
        case ".safetensors":
            from safetensors import SafetensorError
            from safetensors.torch import load_file

            try:
                return load_file(path)
            except (SafetensorError, OSError) as error:
                raise WeightsError(f"{path} is not a readable safetensors file: {error}.") from error
        case ".pt" | ".pth" | ".bin":
            return _state_dict(_unpickled(path), path)
        case _:
            raise WeightsError(f"{path} is none of .safetensors, .pt, .pth or .bin; convert it to one of these.")


def _unpickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on damaged bytes the unpickler raises whatever they lead it to
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if wanted := refused[1] if refused else _code_in_pickle(path):
            raise WeightsError(
                f"{path} was refused, because it holds more than tensors ({wanted}) and reading it could run code; "
                "ask its author for a .safetensors file, or save its state dict alone with torch.save."
            ) from error
        raise WeightsError(
            f"{path} is not a readable PyTorch checkpoint: it is damaged, or no state dict saved by torch.save; "
            "fetch it again, or ask its author for a .safetensors file."
        ) from error


def _code_in_pickle(path: Path) -> str | None:
    """The first function that a plain pickle would call or class that it would make; None if it is no pickle."""
    strings: list[str] = []
    with path.open("rb") as file, contextlib.suppress(ValueError, UnicodeDecodeError):
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name in ("GLOBAL", "INST"):
                return str(argument).replace(" ", ".")
            if opcode.name == "STACK_GLOBAL":
                return ".".join(strings[-2:])
            if isinstance(argument, str):
                strings.append(argument)
    return None


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    """The state dict inside what a training script saved."""
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(f"{path} holds no state dict: expected names mapped to tensors, alone or under 'model'.")
    return {str(key): value for key, value in content.items()}


def _own_names(state: dict[str, Tensor], own: StateDict, rules: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    """`state` under our key names, if it is under those of the authors' repository."""
    renamed = {}
    for key, value in state.items():
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        renamed[key] = value
    return max(state, renamed, key=lambda candidate: len(candidate.keys() & own.keys()))


def _fit_shapes(state: dict[str, Tensor], own: StateDict) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Layer scales as vectors, bias tables at the model's resolution; names of the tables that were interpolated."""
    fitted, resized = dict(state), []
    for key, value in state.items():
        if key not in own or value.shape == own[key].shape:
            continue
        if key.endswith(".gamma") and value.numel() == own[key].numel():
            fitted[key] = value.flatten()
        elif key.endswith(".attention_biases") and (table := _resized_table(value, own[key].shape)) is not None:
            fitted[key] = table
            resized.append(key)
    return fitted, tuple(resized)


def _resized_table(table: Tensor, shape: torch.Size) -> Tensor | None:
    """Biases [heads, side²] stretched over the offsets of another resolution; None where they are not such a table."""
    if table.ndim != 2 or table.shape[0] != shape[0]:
        return None
    before, after = round(table.shape[1] ** 0.5), round(shape[1] ** 0.5)
    if before**2 != table.shape[1]:
        return None
    grid = table.float().reshape(1, -1, before, before)
    return F.interpolate(grid, (after, after), mode="bilinear", align_corners=True).reshape(shape)


def _is_index(key: str) -> bool:
    return key.rpartition(".")[2] == "attention_bias_idxs"


def _listed(label: str, items: Iterable[str]) -> list[str]:
    names = list(items)
    return [f"{label} {', '.join(names)}"] if names else []


def _official_file(hub_id: str, file: str, hub: Hub) -> Path | None:
    """The published checkpoint from the local cache or the hub; None where the hub does not answer in time."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache

    cached = try_to_load_from_cache(hub_id, file, hub.cache)
    if isinstance(cached, str):
        return Path(cached)
    answered = threading.Event()

    def ask() -> None:
        # Whatever goes wrong here, from a refused connection to a missing file, means that they are not to be had.
        with contextlib.suppress(Exception):
            get_hf_file_metadata(hf_hub_url(hub_id, file, endpoint=hub.endpoint), timeout=hub.seconds)
            answered.set()

    # A thread, because name resolution has no time limit of its own.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(hub.seconds)
    if not answered.is_set():
        return None
    try:
        return Path(hf_hub_download(hub_id, file, cache_dir=hub.cache, endpoint=hub.endpoint))
    except Exception as error:  # of its HTTP library, and which that is depends on the release
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return None


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
