"""A token is told once, opens what it should until it is revoked, and is nowhere in the database."""

import pytest
from sqlalchemy import text

from latency_db import store


@pytest.fixture
def opened(url):
    with store.open(url) as opened:
        yield opened


def test_a_token_is_known_by_its_holder_until_it_is_revoked(opened):
    token = opened.tokens.add("pixel8 of the lab")
    assert opened.tokens.holder(token) == "pixel8 of the lab"
    assert opened.tokens.holder(token + "x") is None
    opened.tokens.revoke("pixel8 of the lab")
    assert opened.tokens.holder(token) is None
    (one,) = opened.tokens
    assert (one.name, one.revoked_at >= one.added_at) == ("pixel8 of the lab", True)


def test_the_database_has_no_token(opened):
    token = opened.tokens.add("ci")
    with opened._engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM tokens")).all()
    assert token not in str(rows)
    assert token.removeprefix("vitexport_") not in str(rows)


@pytest.mark.parametrize("name", ["", " ci", "a\nb", "x" * 65, "ci\x00"])
def test_what_is_no_name_is_refused(opened, name):
    with pytest.raises(store.StoreError, match="is no token's name"):
        opened.tokens.add(name)


def test_a_name_is_given_once_and_revoked_once(opened):
    opened.tokens.add("ci")
    with pytest.raises(store.StoreError, match="take another name"):
        opened.tokens.add("ci")
    opened.tokens.revoke("ci")
    with pytest.raises(store.StoreError, match="No valid token is called ci"):
        opened.tokens.revoke("ci")
    with pytest.raises(store.StoreError, match="take another name"):
        opened.tokens.add("ci")
