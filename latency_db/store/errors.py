"""What may be met with a database. Each message is one sentence for the user: what is wrong and what to do."""


class StoreError(Exception):
    """A database that cannot be opened, read or written, or that does not have what was asked of it."""


class TakesLonger(Exception):
    """What was asked for at once would have to be waited for, or takes more than a moment. Programs meet it, and ask
    again elsewhere."""
