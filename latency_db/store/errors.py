"""What a user may meet with a database. Each message is one sentence that says what is wrong and what to do."""


class StoreError(Exception):
    """A database that cannot be opened, read or written, or that does not have what was asked of it."""
