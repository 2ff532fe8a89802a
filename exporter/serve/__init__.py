"""The web app and what it runs, served to a browser: on this machine, or on a phone in the same network.

What is served is a table that is made before anything is: `site.py`, of what `offered.py` found sound. `answers.py`
answers from it, with the headers of `policies.py`, `listening.py` holds the socket and the server, `addresses.py` says
where a phone finds it and `certificate.py` makes the camera available.
"""
