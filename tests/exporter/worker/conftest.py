"""What a test of processes needs around it."""

import signal

import pytest

MINUTE = 60.0
"""Seconds, more than any of this takes"""


@pytest.fixture
def signals():
    """An interrupt is raised, and what hangs fails."""

    def expired(*_):
        raise TimeoutError("it hangs")

    handlers = {signal.SIGALRM: expired, signal.SIGINT: signal.default_int_handler}  # in the background there is none
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    signal.setitimer(signal.ITIMER_REAL, MINUTE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)
