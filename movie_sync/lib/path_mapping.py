"""Folders that a client in a container, or on another machine, sees under other names."""

from collections.abc import Iterable


def here(path: str, mappings: Iterable[tuple[str, str]]) -> str:
    r"""A client's path as it is seen from here; unchanged where no mapping holds.

    Args:
        path: As the client says it; ``/`` or ``\`` between its parts.
        mappings: The client's folder and the same folder here; the longest that fits counts.
    """
    plain = path.replace("\\", "/")
    pairs = [(theirs.replace("\\", "/").rstrip("/"), ours.rstrip("/")) for theirs, ours in mappings]
    fitting = [pair for pair in pairs if f"{plain}/".startswith(f"{pair[0]}/")]
    if not fitting:
        return path
    theirs, ours = max(fitting, key=lambda pair: len(pair[0]))
    return f"{ours}{plain[len(theirs) :]}" or "/"
