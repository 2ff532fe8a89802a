"""Tracing in less time: what torch and toolchains do for each trace, and nobody reads, is left out while they work.

`lean.py` is about torch and Python, for every trace; `replaced.py` is how anything of theirs is replaced for a while.
"""
