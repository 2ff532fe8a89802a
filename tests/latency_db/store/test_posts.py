"""A post is kept whole and once, with what it makes of rows before it."""

import threading
from dataclasses import replace

import pytest

from latency_db import store
from latency_db.measurement import Latency
from latency_db.store.posts import NEIGHBOURS, Judged
from tests.latency_db.samples import BARE, FULL

SHA = "0" * 64


@pytest.fixture
def opened(url):
    with store.open(url) as opened:
        opened.tokens.add("tests")
        yield opened


def as_they_are(rows, neighbours):
    return Judged(rows, {})


def test_the_same_post_is_kept_once(opened):
    first = opened.posts.add(SHA, "tests", [FULL, BARE], as_they_are)
    assert (first.added, [record.measurement for record in first.records]) == (True, [FULL, BARE])
    again = opened.posts.add(SHA, "tests", [FULL, BARE], as_they_are)
    assert (again.added, again.records) == (False, first.records)
    assert opened.posts.found(SHA) == again
    assert opened.posts.found("1" * 64) is None
    assert len(list(opened.measurements())) == 2


def test_of_the_same_post_at_once_one_is_kept(opened):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(opened.posts.add(SHA, "tests", [FULL], as_they_are)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(post.added for post in found) == [False, False, False, True]
    assert len(list(opened.measurements())) == 1


def test_neighbours_are_rows_of_the_same_subjects_on_the_device_the_newest_of_each(opened):
    other = replace(FULL, device=replace(FULL.device, id="galaxy_s10e"))
    ids = opened.add([FULL] * (NEIGHBOURS + 1) + [other, BARE])
    seen = []
    opened.posts.add(SHA, "tests", [FULL], lambda rows, neighbours: seen.extend(neighbours) or Judged(rows, {}))
    assert sorted(record.id for record in seen) == ids[1 : NEIGHBOURS + 1]


def test_under_other_conditions_others_are_neighbours_too(opened):
    ids = opened.add([FULL] + [replace(FULL, conditions=replace(FULL.conditions, threads=4))] * (NEIGHBOURS + 1))
    found = [record.id for record in opened.posts.neighbours([FULL])]
    assert sorted(found) == [ids[0], *ids[2:]]


def test_a_post_may_correct_what_was_there_and_tells_what_stands_in_its_own_places(opened):
    slower = replace(FULL, latency=Latency(p50=9.0), quality="suspect", note="contradicts others")
    (id,) = opened.add([FULL])
    opened.posts.add(SHA, "tests", [BARE], lambda rows, neighbours: Judged(rows, {id: slower}))
    assert [record.measurement for record in opened.measurements()] == [BARE, slower]
    (own,) = opened.posts.found(SHA).records
    opened.correct(own.id, slower)
    assert [record.measurement for record in opened.posts.found(SHA).records] == [slower]


def test_what_cannot_be_judged_leaves_nothing(opened):
    with pytest.raises(ZeroDivisionError):
        opened.posts.add(SHA, "tests", [FULL], lambda rows, neighbours: 1 / 0)
    assert list(opened.measurements()) == []
    assert opened.posts.found(SHA) is None


def test_a_manifest_is_kept_once_and_found_by_its_kind(opened):
    assert opened.manifests.add("bundles", b"{}", "tests")
    assert not opened.manifests.add("bundles", b"{}", "tests")
    sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert opened.manifests.content("bundles", sha256) == b"{}"
    assert opened.manifests.content("packs", sha256) is None
