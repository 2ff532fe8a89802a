"""Artefacts on other hosts than this machine's processor: one question, one way to ask it, one form of answer.

`run.py` asks a host, `results.py` is the answer, in figures and in one sentence. A host says how it is started and what
it covers: `exporter.verify.arm64`, `exporter.verify.litert_gpu`.
"""
