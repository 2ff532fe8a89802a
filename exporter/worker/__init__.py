"""Work in processes of their own: artefacts in another system or with a driver that may crash, stages side by side.

`process.py` starts a process that runs artefacts, and listens to it; `guest.py` is what runs there. `stages.py` has
stages done by the processes of `fork.py`, as many as `capacity.py` says.
"""
