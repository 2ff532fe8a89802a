"""Under what names a server is opened, here and from elsewhere in the network, and a picture of one for phones."""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation (RFC 5737, RFC 3849), which nobody has. Nothing is sent there: the system only tells from
which of its own it would send, and that is the one in the network that is used."""
_DISCARD = 9
"""A port, as there must be one"""


@dataclass(frozen=True)
class Addresses:
    """Host names and IP addresses of a server."""

    here: str | None
    """For a browser on this machine; None where `network` is all that there is"""
    network: tuple[str, ...]
    """For others, the likeliest first"""
    further: tuple[str, ...] = ()
    """Other names that may lead there"""
    only_here: bool = False
    """Whether no other machine reaches it"""

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in (self.here, *self.network, *self.further) if name is not None))


def addresses_of(host: str) -> Addresses:
    """Of a server that listens on `host`."""
    if host in ("0.0.0.0", "::"):
        families = [socket.AF_INET, socket.AF_INET6] if host == "::" else [socket.AF_INET]
        name = socket.gethostname()
        further = ("127.0.0.1", "::1", *([name] if name.isascii() else []))
        return Addresses("localhost", tuple(own for family in families for own in _own_addresses(family)), further)
    if host in ("localhost", "127.0.0.1"):
        return Addresses("localhost", (), ("127.0.0.1",), only_here=True)
    return Addresses(host, (), only_here=True) if _is_loopback(host) else Addresses(None, (host,))


def url_of(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{in_url(host)}:{port}"


def in_url(host: str) -> str:
    """A host as URLs, and so `Host` headers, have it."""
    return f"[{host}]" if ":" in host else host


def qr_code(text: str) -> list[str]:
    """A QR code for terminals: lines of half blocks, two modules high. Light ones are drawn, as terminals are dark."""
    import segno

    drawn = io.StringIO()
    segno.make_qr(text).terminal(drawn, compact=True)
    return drawn.getvalue().splitlines()


def _own_addresses(family: socket.AddressFamily) -> list[str]:
    """Of this machine in its network; none without one."""
    found = list[str]()
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_ELSEWHERE[family], _DISCARD))
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, family)]
    return [one for one in dict.fromkeys(found) if _others_reach(one)]


def _others_reach(address: str) -> bool:
    known = ip_address(address)
    return not (known.is_loopback or known.is_link_local or known.is_unspecified)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
