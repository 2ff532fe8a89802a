"""What a model is run on so that ranges of activations can be read off, and what rounding to them loses."""
