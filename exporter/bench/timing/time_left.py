"""How long the rest takes, for a line of progress."""

from __future__ import annotations

from time import monotonic


def time_left(begun: float, done: int, wanted: int, most: float | None = None) -> str:
    """If it goes on as it did, but no more than `most` seconds; "" while nothing is known.

    `begun` is what `time.monotonic` gave then.
    """
    if not done and most is None:
        return ""
    seconds = [(monotonic() - begun) / done * (wanted - done)] if done else []
    left = max(round(min([*seconds, *([] if most is None else [most])])), 0)
    return f", {left / 60:.0f} min left" if left >= 60 else f", {left} s left"
