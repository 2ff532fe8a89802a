"""`vitexport serve token`: who may post to the latency service."""

from __future__ import annotations

import click

from exporter.cli.options import db_option, json_option
from exporter.cli.tables import print_json, print_line, print_table
from exporter.latency.refusals import as_mistakes
from latency_db.store import open as open_store

token = click.Group("token", help="Tokens, with which apps and people may post to the latency service.")


@token.command(help="Make a token and print it, this once: the database has nothing but its hash.")
@click.argument("name")
@db_option
def add(name: str, url: str | None) -> None:
    """`NAME` tells it apart from others, such as that of a person or of a phone."""
    with as_mistakes(), open_store(url) as store:
        made = store.tokens.add(name)
    print_line(made)


@token.command("list", help="Name the tokens that there are, and those that were.")
@db_option
@json_option
def names(url: str | None, as_json: bool) -> None:
    """One line each, the oldest first."""
    with as_mistakes(), open_store(url) as store:
        found = list(store.tokens)
    if as_json:
        print_json([{"name": one.name, "added_at": one.added_at, "revoked_at": one.revoked_at} for one in found])
    elif found:
        rows = [
            (one.name, f"{one.added_at:%Y-%m-%d}", f"{one.revoked_at:%Y-%m-%d}" if one.revoked_at else "")
            for one in found
        ]
        print_table(("name", "since", "revoked"), rows)
    else:
        print_line("There are none: `vitexport serve token add NAME` makes one.")


@token.command(help="From now on the token opens nothing; what was posted with it stays.")
@click.argument("name")
@db_option
def revoke(name: str, url: str | None) -> None:
    """By its name."""
    with as_mistakes(), open_store(url) as store:
        store.tokens.revoke(name)
    print_line(f"{name} is revoked.")
