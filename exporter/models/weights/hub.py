"""Published weights, from the local cache or the hub."""

from __future__ import annotations

import contextlib
import errno
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hub:
    """Where published weights are fetched from and kept; what is None is what huggingface_hub's environment says."""

    endpoint: str | None = None
    """URL of a server with the interface of huggingface.co"""
    cache: Path | None = None
    """Folder with what was fetched before"""
    seconds: float = 5.0
    """The longest that a hub which does not answer may hold an export up"""


def official_file(hub_id: str, file: str, hub: Hub) -> Path | None:
    """The published checkpoint from the local cache or the hub; None where the hub does not answer in time."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache

    cached = try_to_load_from_cache(hub_id, file, hub.cache)
    if isinstance(cached, str):
        return Path(cached)
    answered = threading.Event()

    def ask() -> None:
        # Whatever goes wrong here, from a refused connection to a missing file, means that they are not to be had.
        with contextlib.suppress(Exception):
            get_hf_file_metadata(hf_hub_url(hub_id, file, endpoint=hub.endpoint), timeout=hub.seconds)
            answered.set()

    # A thread, because name resolution has no time limit of its own.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(hub.seconds)
    if not answered.is_set():
        return None
    try:
        return Path(hf_hub_download(hub_id, file, cache_dir=hub.cache, endpoint=hub.endpoint))
    except Exception as error:  # of its HTTP library, and which that is depends on the release
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return None
