"""What a model costs on a device, and how we know. Knows nothing of torch, nor of any format's toolchain."""
