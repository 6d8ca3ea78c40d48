"""Spans of time as a person writes them. Pure."""

import re

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|m|min|h|d|)\s*", re.I)


def seconds_of(text: str) -> float:
    """Seconds of ``90``, ``90s``, ``15m``, ``2 h``, ``1d``.

    Raises:
        ValueError: It is no span.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no span of time such as 90s, 15m, 2h or 1d")
    return float(match[1]) * _UNITS[match[2].lower()]


def short_span(seconds: float) -> str:
    """Seconds as ``seconds_of`` reads them, in the largest unit that divides them: ``1h``, ``90m``, ``45s``."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"
