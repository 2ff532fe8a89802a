"""Runs the artefacts of a bundle for a program in another language, which has no runtime for them here.

    python apps/pipe_worker.py BUNDLE FOLDER

makes two named pipes, FOLDER/requests and FOLDER/replies, and serves one program after the other. So the trackers of
the apps are tested against the graphs that ship, by the runtimes that verified them, on a machine without a phone.

A request is a line of JSON, then the values of its inputs in their order, float32, little-endian:

    {"format": "tflite", "graph": "prompt_points", "inputs": {"features": [1, 256, 16, 16], …}}

and so is the reply, `{"outputs": {"mask_logits": [1, 1, 64, 64], …}}` and their values, or `{"error": "…"}` alone.
Names in a line are in the order of their values. A graph is loaded in single precision when it is first asked for, and
stays loaded. For an artefact of something else than the bundle, such as a kernel of a pack, `"file"` has its path in
place of `"graph"`. A program ends by closing its pipes, between two requests: one that ends within a request ends the
worker.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from exporter import Bundle
from exporter.backends import backend
from exporter.backends.runner import Arrays, Runner
from exporter.errors import VitexportError

REQUESTS, REPLIES = "requests", "replies"
"""The pipes' names."""

VALUE = np.dtype("<f4")


Load = Callable[..., Runner]
"""(format, graph) -> the bundle's runner; (format, file) -> that of another artefact"""


def serve(load: Load, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until no request is left; raises `EOFError` where the program ended within one."""
    while line := requests.readline():
        asked = json.loads(line)
        inputs = {name: _read(requests, shape) for name, shape in asked.pop("inputs").items()}
        try:
            _reply(replies, load(**asked)(inputs))
        except VitexportError as error:
            replies.write(json.dumps({"error": str(error)}).encode() + b"\n")
        replies.flush()


def _read(requests: BinaryIO, shape: list[int]) -> np.ndarray:
    """Values in a shape; raises `EOFError` where there are fewer."""
    wanted = VALUE.itemsize * int(np.prod(shape))
    content = requests.read(wanted)
    if len(content) < wanted:
        raise EOFError("a request ends among its values")
    return np.frombuffer(content, VALUE).reshape(shape)


def _reply(replies: BinaryIO, outputs: Arrays) -> None:
    head = {"outputs": {name: value.shape for name, value in outputs.items()}}
    replies.write(json.dumps(head).encode() + b"\n")
    for value in outputs.values():
        replies.write(np.ascontiguousarray(value, VALUE).tobytes())


def main(bundle: str, folder: str) -> None:
    opened = Bundle.open(bundle)

    @cache
    def load(format: str, graph: str = "", file: str = "") -> Runner:
        if file:
            return backend(format).load(Path(file), threads=1)
        return opened.runner(format, graph, threads=1, precision="fp32")

    pipes = [Path(folder, name) for name in (REQUESTS, REPLIES)]
    for pipe in pipes:
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
    while True:
        # each waits for the program to open its other end
        with pipes[0].open("rb") as requests, pipes[1].open("wb") as replies:
            serve(load, requests, replies)


if __name__ == "__main__":
    parser = ArgumentParser(description="Run the graphs of a bundle for a program in another language.")
    parser.add_argument("bundle", help="its folder")
    parser.add_argument("folder", help="where the two pipes are made")
    main(**vars(parser.parse_args()))
