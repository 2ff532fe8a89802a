"""Reads files of latencies that users have into `Measurement`s, one module for each kind of file."""
