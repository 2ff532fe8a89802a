"""Results that appear complete or not at all, whenever the process that makes them ends.

`staging.py` is where they are made, and collects what a killed process left; `publishing.py` moves them to their
places, all as one, with what `exchange.py` asks of the system.
"""
