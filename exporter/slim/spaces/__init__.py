"""One file a family: which architectures its models have in them, and how these have their weights."""
