"""What a user may meet with a database. Each message is one sentence that says what is wrong and what to do."""


class StoreError(Exception):
    """A database that cannot be opened, read or written, or that does not have what was asked of it."""


class TakesLonger(Exception):
    """What was asked for at once would have to be waited for, or takes more than a moment: ask for it elsewhere."""
