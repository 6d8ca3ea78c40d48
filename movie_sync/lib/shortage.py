"""What the system says when it has nothing left to give, in words."""


def shortage(error: BaseException) -> str | None:
    """A sentence for a person, and what to do; None when the error is of another kind."""
    if isinstance(error, MemoryError):
        return "There is too little memory. End other programs, or raise the limit of this one."
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "No more threads can be started. Raise the limit (ulimit -u, or TasksMax of the service)."
    return None
