"""Pixels in and out: photos, videos, masks over frames, and the clip whose masks are known. Knows nothing of models."""
