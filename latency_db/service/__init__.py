"""Latencies of a fleet in one place, over HTTP: apps post them, engineers ask, and a page shows them.

`application.py` puts it together. Nothing here imports torch, and the web framework only where the service is started.
"""
