"""What a model is expected to take on a device: asks the latency database about registered models and captured graphs.

What is asked about needs torch only where the index of registered models does not have it.
"""
