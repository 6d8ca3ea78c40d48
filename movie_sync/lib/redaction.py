"""One place that keeps secrets out of everything that is written for people.

Whoever learns a secret calls `keep_secret`; whoever writes text that came from elsewhere calls `redact`.
"""

import base64
import json
import logging
import re
import threading
import urllib.parse

from movie_sync.lib.plain_text import harmless

REMOVED = "[removed]"
# A secret shorter than this would blank out ordinary words; its named places below are still covered.
SHORTEST = 4
_NAMED = re.compile(
    r"(?i)((?:passkey|password|passwd|apikey|api_key|token|sid|cookie)[\"']?\s*[=:]\s*[\"']?)([^\s&\"',;<>\[]+)"
    r"|(authorization[\"']?\s*[=:]\s*[\"']?(?:basic|bearer)\s+)([a-z0-9+/=_.\-]{6,})"
)

_secrets: set[str] = set()
_lock = threading.Lock()


def keep_secret(*secrets: str) -> None:
    """Never let these texts be written: as they are, URL-encoded, as JSON, in base64 or in hex."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        raw = secret.encode()
        forms |= {
            secret,
            urllib.parse.quote(secret, safe=""),
            urllib.parse.quote(secret),
            urllib.parse.quote_plus(secret),
            repr(secret)[1:-1],
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            *(
                text
                for code in (base64.b64encode, base64.urlsafe_b64encode)
                for text in (code(raw).decode(), code(raw).decode().rstrip("="))
            ),
            raw.hex(),
        }
    with _lock:
        _secrets.update(forms)


def redact(text: str) -> str:
    """The text with every known secret, and everything that stands where one usually does, taken out."""
    with _lock:
        known = sorted(_secrets, key=len, reverse=True)
    if known:
        text = re.sub("|".join(map(re.escape, known)), REMOVED, text, flags=re.I)
    return _NAMED.sub(lambda match: f"{match[1] or match[3]}{REMOVED}", text)


class RedactingFormatter(logging.Formatter):
    """Formats a record, its traceback included, and redacts the result; its message is one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        """See logging.Formatter. A name from outside cannot begin a line that looks like one of ours."""
        record.message = re.sub(r"[\r\n]+", " ", record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        return harmless(redact(super().format(record)))
