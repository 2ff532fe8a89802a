"""Runs artefacts with the runtimes' arm64 builds, under an emulator: their kernels for a phone's cores are other code.

`verify.py` judges, `emulator.py` runs, `root.py` makes the system that it runs in, and `cpus.py` says as which cores.
"""
