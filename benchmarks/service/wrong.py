"""Requests that are wrong in some way: each kind makes another one from a random state."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from latency_db.service.middleware.bodies import BYTES

_GETS = ("/v1/devices", "/v1/models", "/v1/latency", "/v1/published", "/v1/pareto", "/v1/compared", "/v1/advise",
         "/v1/measurements", "/healthz", "/")  # fmt: skip
_POSTS = ("/v1/measurements", "/v1/measurements/check", "/v1/manifests", "/v1/estimate")
_PARAMETERS = ("model", "device", "runtime", "unit", "precision", "size", "threads", "cores", "fps", "limit", "before",
               "kind", "source", "quality")  # fmt: skip
_NUMBERS = ("-1", "0", "1e400", "nan", "inf", "9" * 400, "9" * 5000, "0x10", "1_000", "١٢", "1.5", "-0", str(2**63), "")
_DEEP = 100_000
_KERNEL = "linear 1x49x448>1x49x1792 linear float32"
_ESTIMATE = {"device": "pixel8", "runtime": "tflite", "kernels": [{"key": _KERNEL, "count": 1}]}
_RESULT = {"schema": 1, "device": {"model": "Pixel 8"}, "manifest_sha256": "0" * 64, "backend": "tflite",
           "graphs": {"classify": {"p50": 1.0}}}  # fmt: skip
_MANIFEST = {"schema_version": 13, "model": {"name": "efficientformer_l1", "image_size": 224}, "variants": [],
             "graphs": [{"name": "classify"}]}  # fmt: skip
_WHOLE = {"/v1/measurements": _RESULT, "/v1/measurements/check": _RESULT, "/v1/manifests": _MANIFEST,
          "/v1/estimate": _ESTIMATE}  # fmt: skip
_VALUES = (
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    "",
    "\0",
    "\ud800",
    "a" * 10_000,
    "é\n",
    [],
    {},
    [[]],
    {"": None},
    ["\x7f"],
)


@dataclass(frozen=True)
class Wrong:
    """A request as bytes."""

    head: bytes
    body: bytes = b""
    slowly: bool = False
    """Whether the body's last byte never comes"""


def _request(method: str, target: str, body: bytes = b"", *headers: str, slowly: bool = False) -> Wrong:
    length = [f"Content-Length: {len(body) + slowly}"] if body or slowly else []
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *length, *headers]
    return Wrong("\r\n".join([*lines, "", ""]).encode("latin-1"), body, slowly)


def _posted(draw: random.Random, token: str, body: bytes) -> Wrong:
    return _request("POST", draw.choice(_POSTS), body, f"Authorization: Bearer {token}")


def _broken_http(draw: random.Random, token: str) -> Wrong:
    """What no parser of HTTP takes, or only a lenient one."""
    lines = (
        b"GET /healthz\r\n\r\n", b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00",
        b"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n", b"GET \xff HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost a\r\n\r\n",
        b"POST /v1/estimate HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/estimate HTTP/1.1\r\nHost: a\r\nContent-Length: 9, 8\r\n\r\n",
        b"POST /v1/estimate HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/estimate HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", draw.randbytes(draw.randrange(1, 300)) + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    )  # fmt: skip
    return Wrong(draw.choice(lines))


def _method(draw: random.Random, token: str) -> Wrong:
    method = draw.choice(("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "HEAD", "CONNECT", "get", "X" * 500, "POST"))
    return _request(method, draw.choice((*_GETS, *_POSTS, "*")), b"{}")


def _random_json(draw: random.Random, token: str) -> Wrong:
    return _posted(draw, token, draw.randbytes(draw.randrange(0, 2_000)))


def _cut_json(draw: random.Random, token: str) -> Wrong:
    path = draw.choice(_POSTS)
    text = json.dumps(_WHOLE[path]).encode()
    return _request("POST", path, text[: draw.randrange(len(text))], f"Authorization: Bearer {token}")


def _deep_json(draw: random.Random, token: str) -> Wrong:
    opening, closing = draw.choice((("[", "]"), ('{"a":', "}")))
    depth = draw.choice((150, 900, 5_000, _DEEP))
    return _posted(draw, token, f"{opening * depth}1{closing * draw.choice((0, depth))}".encode())


def _huge_number(draw: random.Random, token: str) -> Wrong:
    path = draw.choice(_POSTS)
    text = _with_number(
        json.dumps(_WHOLE[path]), draw.choice(("1e999", "9" * 5_000, "-1e999", "NaN", "1" + "0" * 300)), draw
    )
    return _request("POST", path, text.encode(), f"Authorization: Bearer {token}")


def _with_number(text: str, number: str, draw: random.Random) -> str:
    """The text with another number in place of one of its own."""
    places = [place for place, letter in enumerate(text) if letter.isdigit() and text[place - 1] == " "]
    place = draw.choice(places)
    end = next(at for at in range(place, len(text)) if text[at] not in "0123456789.")
    return text[:place] + number + text[end:]


def _bad_utf8(draw: random.Random, token: str) -> Wrong:
    path = draw.choice(_POSTS)
    text = json.dumps(_WHOLE[path]).encode()
    place = draw.randrange(len(text))
    wrong = draw.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xfe\xff", b"\\ud800", b"\0"))
    return _request("POST", path, text[:place] + wrong + text[place:], f"Authorization: Bearer {token}")


def _wrong_types(draw: random.Random, token: str) -> Wrong:
    path = draw.choice(_POSTS)
    content = json.loads(json.dumps(_WHOLE[path]))
    inner = content
    while isinstance(inner, dict):
        name = draw.choice([*inner, "a name that nobody knows", "\ud800", ""])
        if name not in inner or draw.random() < 0.6 or not inner[name] or not isinstance(inner[name], dict | list):
            inner[name] = draw.choice(_VALUES)
            break
        inner = inner[name] if isinstance(inner[name], dict) else inner[name][0]
    return _request("POST", path, json.dumps(content).encode(), f"Authorization: Bearer {token}")


def _many_fields(draw: random.Random, token: str) -> Wrong:
    names = {f"{draw.getrandbits(40):x}": 1 for _ in range(draw.choice((100, 3_000)))}
    return _posted(draw, token, json.dumps(names).encode())


def _many_kernels(draw: random.Random, token: str) -> Wrong:
    count = draw.choice((1_000_000, 10_000_000, -5, 1.5, "2"))
    kernels = [{"key": draw.choice((_KERNEL, "linear", "conv 1x3>x", _KERNEL + " ")), "count": count}]
    return _request("POST", "/v1/estimate", json.dumps(_ESTIMATE | {"kernels": kernels * 50}).encode())


def _query(draw: random.Random, token: str) -> Wrong:
    """Values that a parameter cannot have, also several of one."""
    chosen = draw.choices(_PARAMETERS, k=draw.randrange(1, 8))
    texts = (*_NUMBERS, "\0", "é", "' OR 1=1 --", "%", "../../etc/passwd", "a" * 300, "pixel8", "tflite", "\r\nX: y")
    pairs = [f"{name}={quote(draw.choice(texts), errors='replace')}" for name in chosen]
    raw = ("%ff", "%ed%a0%80", "%00", "&&&===", "model=%C3%28", "%zz")
    return _request("GET", f"{draw.choice(_GETS)}?{'&'.join([*pairs, draw.choice(raw)])}")


def _long_url(draw: random.Random, token: str) -> Wrong:
    length = draw.choice((1_000, 8_000, 60_000, 200_000))
    return _request("GET", draw.choice((f"/v1/latency?model={'a' * length}", f"/{'a' * length}", "/" + "a/" * length)))


def _path(draw: random.Random, token: str) -> Wrong:
    return _request("GET", draw.choice((
        "/page/%00", "/page/../../application.py", "/page/%2e%2e/%2e%2e/application.py", "/page//etc/passwd", "/page/",
        "/page", "/%00", "/v1/latency/", "//v1/latency", "/page/" + "a" * 300, "/page/%ff", "/page/..%5c..",
        "/v1/%0d%0a",
        "/page/" + "a/" * 3_000, "http://other.example/healthz", "/problems/nothing-known",
    )))  # fmt: skip


def _bad_token(draw: random.Random, token: str) -> Wrong:
    given = draw.choice((
        "", "Bearer", "Bearer ", f"Basic {token}", f"Bearer {token}x", f"Bearer {token[:-1]}", "Bearer \xff\xfe",
        f"Bearer {'a' * 20_000}", f"bearer {quote(token)}%00", "Bearer ' OR 1=1", f"Bearer {token} {token}",
    ))  # fmt: skip
    return _request("POST", draw.choice(_POSTS[::2]), b"{}", f"Authorization: {given}")


def _oversized(draw: random.Random, token: str) -> Wrong:
    """Also such as say so by themselves, and such as come in chunks."""
    if draw.random() < 0.5:
        return _posted(draw, token, b'{"a":"' + b"a" * BYTES + b'"}')
    head = _request(
        "POST", draw.choice(_POSTS), b"", f"Authorization: Bearer {token}", "Transfer-Encoding: chunked"
    ).head
    return Wrong(head, (b"100000\r\n" + b"a" * 2**20 + b"\r\n") * 9 + b"0\r\n\r\n")


def _slow(draw: random.Random, token: str) -> Wrong:
    return _request("POST", draw.choice(_POSTS), b'{"a":', f"Authorization: Bearer {token}", slowly=True)


def _other_host(draw: random.Random, token: str) -> Wrong:
    host = draw.choice(("evil.example", "", "127.0.0.1.evil.example", "[::1", "a" * 5_000, "127.0.0.1:x"))
    return Wrong(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())


WRONG: dict[str, tuple[Callable[[random.Random, str], Wrong], int]] = {
    "broken HTTP": (_broken_http, 100), "other methods": (_method, 80), "random bytes as JSON": (_random_json, 100),
    "JSON that is cut off": (_cut_json, 80), "deep JSON": (_deep_json, 60), "huge numbers": (_huge_number, 80),
    "bad UTF-8, NULs": (_bad_utf8, 100), "wrong types": (_wrong_types, 120), "many fields": (_many_fields, 10),
    "many kernels": (_many_kernels, 10), "wrong parameters": (_query, 120), "long URLs": (_long_url, 40),
    "strange paths": (_path, 60), "wrong tokens": (_bad_token, 60), "larger bodies": (_oversized, 4),
    "bodies that do not end": (_slow, 3), "other hosts": (_other_host, 40),
}  # fmt: skip
"""Kind -> how one is made, and how often among others"""
