"""Which parts of a network to take away: one loop, several policies, and what they are compared with."""
