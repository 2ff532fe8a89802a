"""Photographs as people have them: any kind of file, of any depth, turned any way, as upright RGB of eight bits."""
