"""What apps post: a benchmark's JSON becomes rows, each once, and is told what to think of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from latency_db.bundles import Bundle, BundleRefused, bundle_of
from latency_db.estimator.estimate import Estimate
from latency_db.importers.app_json import PackResult, Result, measurements, parsed
from latency_db.importers.refusal import ImportRefused
from latency_db.kept_manifests import Kind, kept
from latency_db.measurement import Measurement
from latency_db.packs import Pack, PackRefused, pack_of
from latency_db.service.contradictions import judged
from latency_db.service.documents import Interval, JudgedDocument, ManifestDocument, PostDocument, Verdict
from latency_db.service.estimates import Estimates
from latency_db.service.problems import Problem
from latency_db.store.posts import Post
from latency_db.store.store import Store

UNKNOWN_MANIFEST = "/problems/unknown-manifest"


def take(content: bytes, token: str, store: Store, estimates: Estimates) -> PostDocument:
    """Keep what a result says, once; `token` is the name of who posts it. Raises `Problem`."""
    sha256 = hashlib.sha256(content).hexdigest()
    before = store.posts.found(sha256)
    new = [record.measurement for record in before.records] if before else read(content, store)
    known = [estimates.without(row, estimates.known(row.device.id)) for row in new]
    post = before or store.posts.add(sha256, token, new, judged)
    return _document(sha256, post, known)


def check(content: bytes, store: Store, estimates: Estimates) -> PostDocument:
    """What `take` would say of a result that is new; nothing is kept. Raises `Problem`."""
    new = read(content, store)
    marked = judged(new, store.posts.neighbours(new)).rows
    known = [estimates.without(row, estimates.known(row.device.id)) for row in new]
    verdicts = [_judged(None, row, found) for row, found in zip(marked, known, strict=True)]
    return PostDocument(id=hashlib.sha256(content).hexdigest(), added=False, rows=tuple(verdicts))


def take_manifest(content: bytes, token: str, store: Store) -> ManifestDocument:
    """Keep the manifest of a bundle or a kernel pack, so that results of it are known. Raises `Problem`."""
    kind = _kind(content)
    added = store.manifests.add(kind, content, token)
    sha256 = hashlib.sha256(content).hexdigest()
    return ManifestDocument(sha256=sha256, kind="bundle" if kind == "bundles" else "pack", added=added)


def read(content: bytes, store: Store) -> list[Measurement]:
    """The rows of a result. Raises `Problem` for what is none, and for one of a manifest that nobody posted."""
    name = Path(f"{hashlib.sha256(content).hexdigest()[:12]}.json")
    try:
        text = content.decode("utf-8-sig")
        result = parsed(text, name)
        return list(measurements(result, _manifest(result, store), name, text))
    except UnicodeDecodeError:
        raise Problem(422, "The result is no text in UTF-8: post the JSON that the app wrote.") from None
    except (BundleRefused, PackRefused) as refused:
        raise Problem(422, f"The manifest that the result is of is not read any more: {refused}") from None
    except ImportRefused as refused:
        line = f" (line {refused.line})" if refused.line and "\n" in text else ""
        raise Problem(422, f"The result was refused{line}: {refused.reason}.") from None


def _manifest(result: Result, store: Store) -> Pack | Bundle:
    """That which a result names: posted, or remembered on this machine."""
    kind: Kind = "packs" if isinstance(result, PackResult) else "bundles"
    content = store.manifests.content(kind, result.sha256)
    if content is None:
        with suppress(OSError):
            content = kept(kind, result.sha256).read_bytes()
    if content is None:
        raise Problem(
            422,
            f"Nobody has posted the manifest {result.sha256[:12]}… that the result is of: post the {kind[:-1]}'s "
            "manifest.json to /v1/manifests first.",
            type=UNKNOWN_MANIFEST,
        )
    return pack_of(content, "the manifest") if kind == "packs" else bundle_of(content, "the manifest")


def _kind(content: bytes) -> Kind:
    """Raises `Problem` for what is neither."""
    try:
        bundle_of(content, "It")
        return "bundles"
    except BundleRefused as no_bundle:
        try:
            pack_of(content, "it")
            return "packs"
        except PackRefused as no_pack:
            sentence = f"{str(no_bundle).removesuffix('.')}; as a kernel pack, {no_pack}"
            raise Problem(422, f"No manifest of a bundle or of a kernel pack was posted. {sentence}") from None


def _document(sha256: str, post: Post, known: Sequence[Estimate | None]) -> PostDocument:
    verdicts = [
        _judged(record.id, record.measurement, found) for record, found in zip(post.records, known, strict=True)
    ]
    return PostDocument(id=sha256, added=post.added, rows=tuple(verdicts))


def _judged(id: int | None, row: Measurement, found: Estimate | None) -> JudgedDocument:
    interval = None
    if found is not None:
        interval = Interval(ms=found.ms, low=found.low, high=found.high, method=found.method)
    return JudgedDocument(
        id=id, subject=row.subject.key, ms=row.latency.ms, quality=row.quality, note=row.note, expected=interval,
        verdict=_verdict(row, found),
    )  # fmt: skip


def _verdict(row: Measurement, found: Estimate | None) -> Verdict:
    if row.quality == "suspect":
        return "suspect"
    if found is None:
        return "not known"
    ms = row.latency.ms
    return "slower" if ms > found.high else "faster" if ms < found.low else "as expected"
