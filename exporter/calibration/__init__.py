"""What a model is run on so that ranges of activations can be read off, which graphs have them, and what they lose."""
