"""What the process ends with, where it is not 0."""

FAILED = 1
"""An artefact disagrees with PyTorch, is worse than an earlier one, or would fail on the device, or none could be
verified."""

MISTAKE = 2
"""The user's, or a limit of this machine; one line says what it is."""

FAULT = 3
"""An error that nobody foresaw, which is to be reported."""

INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143
"""By SIGINT, by SIGPIPE, which is that nobody reads on, by SIGTERM: 128 and the signal's number."""
