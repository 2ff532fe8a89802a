"""Several processes write to one database, and each may be killed at any moment."""

from tests.latency_db.store.writer import Writer, faults


def let_go(url, **arguments):
    """Two that open a database at once."""
    writers = [Writer(url, f"writer {number}", **arguments) for number in range(2)]
    for writer in writers:
        writer.let_go()
    return writers


def test_processes_that_open_a_new_database_at_once_both_write_all(url):
    one, other = (writer.finished() for writer in let_go(url, batches=12))
    assert len(one) == len(other) == sum(1 + 7 * batch % 40 for batch in range(12))
    assert not one.keys() & other.keys()
    assert faults(url, one | other) == []


def test_killed_writers_lose_nothing_that_they_were_told_is_there(url):
    """One is killed at once, and most likely makes the tables then; `benchmarks/latency_store.py` kills 200."""
    one, other = let_go(url)
    acknowledged = one.killed(batches=0, seconds=0.1) | other.killed(batches=3, seconds=0.01)
    assert acknowledged
    assert faults(url, acknowledged) == []
