"""Runs artefacts in a process of their own: in another system, or with a driver that may crash.

`process.py` starts and listens to it, `guest.py` is what runs in there, `case.py` what it is asked.
"""
