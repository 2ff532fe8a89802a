"""Where weights come from: a file, the local cache, the hub, or the seed; and what is recorded of it.

The hub is a server of this machine, and each test has a cache of its own. That an environment names another hub and
cache is shown by two processes, because huggingface_hub reads it when it is imported.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from safetensors.torch import save

from exporter.errors import WeightsError
from exporter.models.registry import ModelInfo, create_model, model_info
from exporter.models.weights.hub import Hub
from exporter.models.weights.loading import LoadedWeights, model_with_weights, provide_weights, seed_weights
from tests.http_server import http_server
from tests.models import SMALLEST, reduced

NAME = "mobilevit_xxs"
HUB_ID, HUB_FILE = model_info(NAME).hub_id, model_info(NAME).hub_file
COMMIT = "0123456789abcdef0123456789abcdef01234567"

# What a process prints: the record and a sum over the weights that the model then holds.
PROVIDE = """
import dataclasses, json, sys
from exporter.models.registry import create_model, model_info
from exporter.models.weights.loading import provide_weights
choice, name = sys.argv[1:]
model = create_model(name)
print(json.dumps(dataclasses.asdict(provide_weights(model, model_info(name), choice))))
print(model.head.fc.bias.sum().item())
"""


@dataclasses.dataclass(frozen=True)
class Provided:
    """What was recorded of a model's weights, and the sum of its classifier's biases afterwards."""

    record: dict[str, Any]
    bias_sum: float


@pytest.fixture(scope="module")
def published() -> bytes:
    """The file that the hub offers: all ones, so nobody takes it for seeded weights."""
    return save({key: torch.ones_like(value) for key, value in create_model(NAME).state_dict().items()})


@pytest.fixture
def provide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Provided]]:
    """`provide_weights` with an empty cache of its own, and without a proxy between it and the hub."""
    monkeypatch.setenv("NO_PROXY", "*")
    huggingface_hub.close_session()  # reads the proxies when it is opened

    def run(choice: str, endpoint: str, *, seconds: float = 20) -> Provided:
        # Generous, because a loaded machine may take seconds to answer itself.
        model = create_model(NAME)
        record = provide_weights(model, model_info(NAME), choice, Hub(endpoint, tmp_path, seconds))
        return Provided(dataclasses.asdict(record), model.head.fc.bias.sum().item())

    yield run
    huggingface_hub.close_session()


def provide_in_a_process(choice: str, name: str, **environment: str) -> Provided:
    """The same as the environment says."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    done = subprocess.run(
        [sys.executable, "-c", PROVIDE, choice, name],
        env=inherited | {"NO_PROXY": "*"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    record, bias_sum = done.stdout.splitlines()
    fields = json.loads(record)
    fitted = {name: tuple(value) if isinstance(value, list) else value for name, value in fields["fitted"].items()}
    return Provided(fields | {"fitted": fitted}, float(bias_sum))


@contextlib.contextmanager
def hub(published: bytes, answer_get: Callable[[BaseHTTPRequestHandler], None] | None = None) -> Iterator[str]:
    """Endpoint of a server with this one file; `answer_get` answers in its place when its content is asked for."""
    etag = hashlib.sha256(published).hexdigest()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            if self.path != f"/{HUB_ID}/resolve/main/{HUB_FILE}":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("ETag", f'"{etag}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(published)))
            self.end_headers()

        def do_GET(self) -> None:
            if answer_get is None:
                self.do_HEAD()
                self.wfile.write(published)
            else:
                answer_get(self)

    with http_server(Handler) as endpoint:
        yield endpoint


@contextlib.contextmanager
def silent_hub() -> Iterator[str]:
    """Endpoint of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def trickling_hub() -> Iterator[str]:
    """Endpoint of a server that goes on sending headers, a few bytes at a time, so that no read ever times out."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            with contextlib.suppress(OSError):  # the client hangs up
                while True:
                    self.wfile.write(b"X-Wait: 1\r\n")
                    time.sleep(0.05)

    with http_server(Handler) as endpoint:
        yield endpoint


@contextlib.contextmanager
def no_hub() -> Iterator[str]:
    """Endpoint that refuses connections: bound, so that nobody else gets the port, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def lay_out_cache(cache: Path, published: bytes) -> None:
    """The cache as huggingface_hub leaves it after a download."""
    repository = cache / f"models--{HUB_ID.replace('/', '--')}"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / HUB_FILE).write_bytes(published)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)


def assert_published(provided: Provided, published: bytes) -> None:
    sha256 = hashlib.sha256(published).hexdigest()
    assert provided.record == dataclasses.asdict(LoadedWeights("hub", HUB_ID, sha256, 256))
    assert provided.bias_sum == 1000


def assert_seeded(provided: Provided) -> None:
    record, bias_sum = seeded()
    assert provided.record == dataclasses.asdict(record) | {"source": f"seeded ({HUB_ID} could not be had)"}
    assert provided.bias_sum == pytest.approx(bias_sum)


@cache
def seeded() -> tuple[LoadedWeights, float]:
    model = create_model(NAME)
    return seed_weights(model), model.head.fc.bias.sum().item()


def info_of(family: str) -> ModelInfo:
    """The registry's row of a reduced model: that of the family's smallest."""
    return model_info(SMALLEST[family])


# Seed and file


def test_random_weights_are_the_seeded_ones():
    model, info = reduced("mobilevit"), info_of("mobilevit")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with torch.no_grad():
        model.head.fc.weight.zero_()
    record = provide_weights(model, info, "random")
    assert (record.kind, record.source, record.trained_at, record.trained) == ("seeded", "seeded", None, False)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_the_hash_of_seeded_weights_is_that_of_keys_and_values_in_key_order():
    model, info = reduced("efficientformer"), info_of("efficientformer")
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        if value.is_floating_point():  # indices and counters are not seeded
            digest.update(key.encode() + value.numpy().tobytes())
    assert provide_weights(model, info, "random").sha256 == digest.hexdigest()


def test_weights_of_a_file_are_recorded_with_its_name_and_hash(tmp_path):
    model, info = reduced("mobilevit"), info_of("mobilevit")
    path = tmp_path / "mine.pt"
    torch.save({key: torch.ones_like(value) for key, value in model.state_dict().items()}, path)
    record = provide_weights(model, info, str(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert record == LoadedWeights("file", "mine.pt", sha256, None)
    assert record.trained
    assert model.head.fc.bias.sum() == model.num_classes


def test_bias_tables_that_were_interpolated_are_recorded(tmp_path):
    model, info = reduced("efficientformer"), info_of("efficientformer")
    table = "stages.3.blocks.2.token_mixer.attention_biases"
    torch.save(model.state_dict() | {table: torch.zeros(8, 49)}, tmp_path / "at_224.pt")
    assert provide_weights(model, info, str(tmp_path / "at_224.pt")).fitted.resized == (table,)


@pytest.mark.parametrize("shape", [(8, 0), (0, 49), (8, 48)])
def test_a_bias_table_of_no_square_is_mis_shaped(tmp_path, shape):
    model, info = reduced("efficientformer"), info_of("efficientformer")
    table = "stages.3.blocks.2.token_mixer.attention_biases"
    torch.save(model.state_dict() | {table: torch.zeros(shape)}, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match=f"mis-shaped {table}"):
        provide_weights(model, info, str(tmp_path / "a.pt"))


def test_a_head_of_more_classes_than_any_model_has_is_refused_before_it_is_made(tmp_path):
    state = create_model(NAME).state_dict() | {"head.fc.weight": torch.zeros(2**31, 0)}
    del state["head.fc.bias"]
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match=r"a\.pt has 2,147,483,648 classes, and at most 100,000 are taken"):
        model_with_weights(model_info(NAME), str(tmp_path / "a.pt"))


def test_a_word_that_is_neither_choice_nor_file_says_which_there_are():
    with pytest.raises(WeightsError, match="no weights file pretrained; --weights takes auto, required, random or a"):
        provide_weights(reduced("mobilevit"), info_of("mobilevit"), "pretrained")


# Cache and hub


def test_cached_weights_are_taken_without_a_hub(provide, published, tmp_path):
    lay_out_cache(tmp_path, published)
    with no_hub() as endpoint:
        assert_published(provide("required", endpoint), published)


def test_weights_are_downloaded_from_the_hub(provide, published):
    with hub(published) as endpoint:
        assert_published(provide("auto", endpoint), published)


@pytest.mark.parametrize("unavailable", [no_hub, silent_hub, trickling_hub])
def test_auto_falls_back_to_seeded_weights(provide, unavailable):
    with unavailable() as endpoint:
        assert_seeded(provide("auto", endpoint, seconds=0.3))


def test_required_weights_that_are_not_to_be_had_are_an_error_with_their_id(provide):
    with silent_hub() as endpoint, pytest.raises(WeightsError) as caught:
        provide("required", endpoint, seconds=0.3)
    error = str(caught.value)
    assert f"The weights {HUB_ID} are neither in the local cache nor to be had from the hub" in error
    assert f"--weights FILE with a checkpoint of {NAME}" in error


def test_a_hub_without_the_file_counts_as_unavailable(provide, published):
    with hub(published) as endpoint:
        assert_seeded(provide("auto", f"{endpoint}/elsewhere"))


def test_a_hub_that_sends_an_error_in_place_of_the_file_counts_as_unavailable(provide, published):
    with hub(published, lambda request: request.send_error(500)) as endpoint:
        assert_seeded(provide("auto", endpoint))


def test_a_connection_that_breaks_while_downloading_counts_as_unavailable(provide, published):
    def reset(request: BaseHTTPRequestHandler) -> None:
        request.do_HEAD()
        request.wfile.write(published[:1000])
        # Closing with a linger of zero seconds resets the connection.
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()

    with hub(published, reset) as endpoint:
        assert_seeded(provide("auto", endpoint))


# What the environment says


def test_the_hub_and_the_cache_of_the_environment_are_used(published, tmp_path):
    with hub(published) as endpoint:
        provided = provide_in_a_process("auto", NAME, HF_ENDPOINT=endpoint, HF_HUB_CACHE=str(tmp_path))
    assert_published(provided, published)
    assert [path.read_bytes() for path in tmp_path.glob(f"models--*/snapshots/{COMMIT}/{HUB_FILE}")] == [published]


def test_offline_mode_asks_no_hub(published, tmp_path):
    with hub(published) as endpoint:
        assert_seeded(
            provide_in_a_process("auto", NAME, HF_ENDPOINT=endpoint, HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE="1")
        )
