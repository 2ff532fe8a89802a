"""`vitexport serve app`: the web app with bundles, for a browser here or on a phone in the same network."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click

from exporter.cli.options import host_names
from exporter.cli.tables import UNKNOWN, print_line
from exporter.errors import VitexportError
from exporter.serve.addresses import Addresses, addresses_of, qr_code, url_of
from exporter.serve.answers import application
from exporter.serve.certificate import certificate_file, certificate_for
from exporter.serve.listening import listen, serve_forever
from exporter.serve.offered import offered_bundles, offered_packs
from exporter.serve.site import site_of
from latency_db.bundles import remember_bundle

_ONLY_HERE, _EVERYWHERE = "127.0.0.1", "0.0.0.0"

_NEEDED = ("starlette", "uvicorn")
_NEEDED_BY_HTTPS = ("cryptography", "segno")


@click.command(help="Serve the web app with BUNDLE, to try a tracker in a browser, here or on a phone.")
@click.option(
    "--bundle", "bundles", multiple=True, metavar="BUNDLE", type=click.Path(path_type=Path),
    help="A tracker's bundle with ONNX or TFLite. Repeatable. Without one, the app opens what its user has.",
)  # fmt: skip
@click.option(
    "--pack", "packs", multiple=True, metavar="ZIP", type=click.Path(path_type=Path),
    help="A kernel pack for the app to time. Repeatable.",
)  # fmt: skip
@click.option("--host", help=f"Address to listen on. Default: {_ONLY_HERE}; with --https all, {_EVERYWHERE}.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any that is free."
)
@click.option("--https", is_flag=True, help="Encrypted, without which a phone gets neither camera nor threads.")
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME", callback=host_names,
    help="Another name under which browsers open it, such as a proxy's. Repeatable.",
)  # fmt: skip
@click.option("--no-qr", is_flag=True, help="For --https: print no QR code of the address.")
def app(
    bundles: Sequence[Path], packs: Sequence[Path], host: str | None, port: int, https: bool,
    allowed_hosts: Sequence[str], no_qr: bool,
) -> None:  # fmt: skip
    """Check what is to be served, say where it is, and serve it until Ctrl-C."""
    if no_qr and not https:
        raise click.UsageError("--no-qr is for --https, without which no code is printed: leave it out.")
    _refuse_without(_NEEDED + _NEEDED_BY_HTTPS if https else _NEEDED)
    offered = offered_bundles(bundles)
    site = site_of(offered, offered_packs(packs))
    for one in offered:
        remember_bundle(one.bundle.path)
    host = host or (_EVERYWHERE if https else _ONLY_HERE)
    addresses = addresses_of(host)
    with listen(host, port) as listener:
        certificate = certificate_for(addresses.all, certificate_file()) if https else None
        with suppress(KeyboardInterrupt):  # which is how a server is ended
            _print_where(addresses, listener.getsockname()[1], https, not no_qr)
            serve_forever(application(site, ("localhost", *addresses.all, *allowed_hosts)), listener, certificate)


def _refuse_without(packages: Sequence[str]) -> None:
    """Raise `VitexportError` if a package is missing."""
    for name in packages:
        if find_spec(name) is None:
            raise VitexportError(
                f"{name} is not installed, and `vitexport serve app` needs it: pip install 'vitexport[apps]'."
            )


def _print_where(addresses: Addresses, port: int, https: bool, qr: bool) -> None:
    """Where the app is, and what a browser there warns of or leaves out."""
    scheme = "https" if https else "http"
    if addresses.here is not None:
        print_line(f"On this machine:      {url_of(scheme, addresses.here, port)}")
    elsewhere = [url_of(scheme, address, port) for address in addresses.network]
    for url in elsewhere:
        print_line(f"In the same network:  {url}")
    if not addresses.only_here:
        print_line("Whoever reaches this port can read what is served, the weights of its bundles included.")
    if https and addresses.only_here:
        print_line("No other machine reaches this address: for a phone, leave --host out.", style=UNKNOWN)
    elif https and not elsewhere:
        print_line("This machine has no address in a network, so no phone finds it.", style=UNKNOWN)
    if https:
        print_line(
            "The browser will warn that the connection is not private, because no authority vouches for this machine's "
            "own certificate; it is encrypted all the same, so go on to the page."
        )
    elif elsewhere:
        print_line(
            "A phone gets files for input and one thread: over plain HTTP browsers give a page neither the camera nor "
            "threads. With --https they do.",
            style=UNKNOWN,
        )
    if https and qr and elsewhere:
        for line in qr_code(elsewhere[0]):
            print_line(line)
    print_line("Ctrl-C ends it.")
