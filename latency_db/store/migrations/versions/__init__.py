"""One file a version; its revision is the version's number."""
