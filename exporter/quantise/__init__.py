"""Fewer bits: what is quantised and how, and which values it is fitted to. Backends apply it where their tools work."""
