"""Measuring: what a figure was measured with."""
