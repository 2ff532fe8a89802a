"""Networks that hold the weights of many architectures at once."""
