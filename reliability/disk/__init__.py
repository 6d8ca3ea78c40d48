"""A disk that forgets what was not synced, and that tells of every file others could read."""


class NotHere(Exception):
    """Something the trial needs is missing on this machine; the message says what, such as "no C compiler"."""
