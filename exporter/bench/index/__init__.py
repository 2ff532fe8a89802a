"""Cuts models into kernels for the shipped tables of graphs."""
