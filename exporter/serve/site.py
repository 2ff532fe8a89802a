"""All that is served, as a table of URL paths, made before the first request.

Nothing else has an address. So a request chooses a row and never names a file, and no path in it can lead anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from exporter.contents import MANIFEST, REPORT, SUMS
from exporter.errors import VitexportError
from exporter.serve.offered import OfferedBundle, OfferedPack
from exporter.serve.policies import APP_POLICY, DATA_POLICY, REPORT_POLICY

APP = Path(__file__).parent / "app"
"""Where `make app` builds the web app, and where wheels have it"""

LISTING = "/bundles.json"
"""What bundles and packs there are, for the app"""

_HASHED = re.compile(r"/assets/.*-[\w-]{8}\.\w+")
"""Names that have a hash of what is in the file, as Vite gives them: another content gets another name"""

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".zip": "application/zip",
}
"""By a name's ending, and not by the system's tables, which differ between machines: without its own type a browser
runs no script, and compiles no WebAssembly while it loads"""
BYTES = "application/octet-stream"

_COMPRESSED_ALREADY = {"image/png", "application/zip"}


@dataclass(frozen=True)
class ServedFile:
    """A file, and how it is sent."""

    path: Path
    """Without links"""
    media_type: str
    policy: str
    """Content-Security-Policy"""
    immutable: bool = False
    """Whether its address never has another content"""

    @property
    def compressible(self) -> bool:
        """Whether gzip makes it smaller, which it hardly does with weights."""
        return self.media_type not in (BYTES, *_COMPRESSED_ALREADY)


@dataclass(frozen=True)
class Site:
    files: Mapping[str, ServedFile]
    """By the path of its URL, not escaped"""
    listing: str
    """JSON, at `LISTING`: `{bundles: [{name, url, trained}], packs: [{name, url}]}`; URLs are relative to the page, and
    a bundle's ends in a slash"""


def site_of(bundles: Sequence[OfferedBundle], packs: Sequence[OfferedPack], app: Path = APP) -> Site:
    """The app with bundles and packs. Raises `VitexportError` where the app was not built."""
    files = dict(_app_files(app))
    for offered in bundles:
        files |= _bundle_files(offered)
    files |= {f"/packs/{pack.name}": _served(pack.name, pack.path, DATA_POLICY) for pack in packs}
    listing = {
        "bundles": [
            {"name": one.name, "url": f"bundles/{quote(one.name)}/", "trained": one.trained} for one in bundles
        ],
        "packs": [{"name": one.name, "url": f"packs/{quote(one.name)}"} for one in packs],
    }
    return Site(files, json.dumps(listing))


def _app_files(folder: Path) -> Iterator[tuple[str, ServedFile]]:
    index = folder / "index.html"
    if not index.is_file():
        raise VitexportError(f"The web app is not built, as {index} is missing: run `make app` in vitexport's folder.")
    yield "/", _served(index.name, index, APP_POLICY)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            url = f"/{path.relative_to(folder).as_posix()}"
            yield url, _served(url, path, APP_POLICY, immutable=_HASHED.fullmatch(url) is not None)


def _bundle_files(offered: OfferedBundle) -> dict[str, ServedFile]:
    """What the manifest lists, with the two files that list everything."""
    folder = offered.bundle.path
    names = (MANIFEST, SUMS, *(file.path for file in offered.bundle.manifest.files))
    return {
        f"/bundles/{offered.name}/{name}": _served(
            name, folder / PurePosixPath(name), REPORT_POLICY if name == REPORT else DATA_POLICY
        )
        for name in names
    }


def _served(name: str, path: Path, policy: str, immutable: bool = False) -> ServedFile:
    media_type = MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), BYTES)
    return ServedFile(path.resolve(), media_type, policy, immutable)
