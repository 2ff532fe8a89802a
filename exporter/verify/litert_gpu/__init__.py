"""Runs TFLite artefacts with LiteRT's GPU delegate, which reads a graph by other code than its CPU kernels do.

`verify.py` says what kind of host that is, `runner.py` runs in a process of its own, `driver.py` finds a Vulkan driver
and reads what it says.
"""
