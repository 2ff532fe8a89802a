"""What a browser is told it may do with what it is sent: every answer has all of these headers."""

from __future__ import annotations


def _policy(**directives: str) -> str:
    """Content-Security-Policy; a directive that is not there is `default-src`'s."""
    return "; ".join(f"{name.replace('_', '-')} {value}".rstrip() for name, value in directives.items())


APP_POLICY = _policy(
    default_src="'none'",
    script_src="'self' 'wasm-unsafe-eval'",  # compiles WebAssembly, and evaluates no text
    worker_src="'self' blob:",
    style_src="'self'",
    img_src="'self' blob: data:",
    media_src="'self' blob:",  # a video that the user chose
    connect_src="'self' blob: https: http:",  # a latency service, where the user agrees to post a benchmark
    manifest_src="'self'",
    base_uri="'none'",
    form_action="'none'",
    frame_ancestors="'none'",
)
REPORT_POLICY = _policy(
    default_src="'none'", img_src="data:", style_src="'unsafe-inline'", frame_ancestors="'none'", sandbox=""
)
"""That of the report itself, which is one file that somebody else may have made"""
DATA_POLICY = _policy(default_src="'none'", frame_ancestors="'none'", sandbox="")
"""Of files that no browser should show"""

HEADERS = {
    # Both together make the page cross-origin isolated: only then there is shared memory, and so threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": DATA_POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer, errors included; the policy is that of data unless a file has another"""
