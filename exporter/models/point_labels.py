"""The labels of a prompt's points, as SAM's authors number them (arXiv 2304.02643, their code), and how many there are.

For the model and for what calls its artefacts, which knows nothing of torch.
"""

ABSENT, PADDING, BACKGROUND, FOREGROUND, TOP_LEFT, BOTTOM_RIGHT = range(-2, 4)
"""An absent point has no effect at all; padding, as the authors use it, does."""

MOST_POINTS = 4
"""Points that an exported tracker takes; a box counts as two. Those that are not wanted are absent."""
