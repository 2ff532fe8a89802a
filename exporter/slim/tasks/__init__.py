"""One file a task: what models learn from while they are slimmed, and how they are judged."""
