"""Runs artefacts with the runtimes' arm64 builds, under an emulator: their kernels for a phone's cores are other code.

`verify.py` says what kind of host that is, `emulator.py` runs, `root.py` makes the system that it runs in, `cpus.py`
as which cores.
"""
