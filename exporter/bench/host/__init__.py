"""The table of this machine's kernels: what to time, timing it, and what a whole model takes besides."""
