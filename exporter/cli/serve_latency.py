"""`vitexport serve`: the latency service and its page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import click

from exporter.cli.options import db_option, host_names
from exporter.cli.tables import UNKNOWN, print_line
from exporter.errors import VitexportError
from exporter.latency.refusals import as_mistakes
from exporter.serve.addresses import addresses_of, url_of
from exporter.serve.listening import listen
from latency_db.store import open as open_store

_ONLY_HERE = "127.0.0.1"
_NEEDED = ("fastapi", "prometheus_client", "sqlalchemy", "threadpoolctl", "uvicorn")
_PROCESSES = 64
"""At most; more than a machine has cores answer no faster"""


@click.command(help="Serve latencies: measured, published and estimated. Read-only but for tokens (`serve token`).")
@db_option
@click.option("--host", default=_ONLY_HERE, show_default=True, help="Address to listen on; 0.0.0.0 is all of them.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any that is free."
)
@click.option(
    "--processes", type=click.IntRange(1, _PROCESSES), default=1, show_default=True,
    help="That answer at once, one for each core.",
)  # fmt: skip
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME", callback=host_names,
    help="Another name under which it is asked, such as a proxy's. Repeatable.",
)  # fmt: skip
def latency(url: str | None, host: str, port: int, processes: int, allowed_hosts: Sequence[str]) -> None:
    """Say where it is, and answer until Ctrl-C."""
    for name in _NEEDED:
        if find_spec(name) is None:
            raise VitexportError(
                f"{name} is not installed, and `vitexport serve` needs it: pip install 'vitexport[service]'."
            )
    from latency_db.service.process import Settings, serve

    with as_mistakes():
        open_store(url).close()  # what cannot be used is refused before anything is printed
    addresses = addresses_of(host)
    names = ("localhost", *addresses.all, *allowed_hosts)
    with listen(host, port) as listener:
        _print_where([addresses.here, *addresses.network], listener.getsockname()[1], addresses.only_here)
        try:
            serve(Settings(url, names), listener, processes)
        except KeyboardInterrupt:  # which is how a server is ended
            return


def _print_where(reached: Sequence[str | None], port: int, only_here: bool) -> None:
    for address in filter(None, reached):
        print_line(f"Latencies:  {url_of('http', address, port)}")
    if not only_here:
        print_line(
            "Whoever reaches this port can read everything; posting needs a token. Put a proxy with HTTPS before it, "
            "as tokens would be read on the way (docs/service.md).",
            style=UNKNOWN,
        )
    print_line("Ctrl-C ends it.")
