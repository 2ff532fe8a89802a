"""The most that is taken of what somebody brings: numbers alone. Their reasons are in `exporter/budgets.py`."""

RESULT_BYTES = 2**24
"""Of a JSON of results"""
PACK_MANIFEST_BYTES = 2**24
"""Of a kernel pack's manifest"""
PACK_KERNELS = 2_000
"""Of a pack"""
BUNDLE_MANIFEST_BYTES = 2**24
"""Of a bundle's manifest, of which a result says that it is"""
BUNDLES_BESIDE = 200
"""Folders beside a result that are looked into for the bundle that it is of"""
PACKS_BESIDE = 200
"""Zips in a result's folder that are looked into for the pack that it is of"""
