"""Proof that artefacts compute what PyTorch computes.

`record.py` asks PyTorch, `artifact.py` and `sequence.py` ask artefacts, `parity.py` compares, `verdict.py` sums up,
`explain.py` finds where the two part, `regression.py` compares two bundles.
"""
