"""Kernel packs: artefacts of kernels that any phone can time."""
