"""Running a bundle, named as its commands: `classify.py`, `segment.py`, `track.py` over prompts and tracker steps."""
