"""Times artefacts in turns, in a process of their own, and says how quiet the machine was meanwhile."""
