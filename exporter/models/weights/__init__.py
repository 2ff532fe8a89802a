"""From files as training leaves them to a model's weights: what they hold, which of it fits, and what is refused."""
