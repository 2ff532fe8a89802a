"""Latency-driven slimming: a model cut to a device's budget, at the least loss of accuracy for each millisecond."""
