"""Bad answers that any web service can give, and the words in which the user is told."""

import email.utils
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from reliability.faults import answers as at
from reliability.faults.trying import ELSEWHERE, BadAnswer, Street

_HOUR_S = 3600.0
DAY_S = 24 * _HOUR_S
# The first pause after trouble in which nothing was asked for.
FIRST_PAUSE_S = 60.0
_UNREACHABLE = r"cannot be reached|broke off in the middle"
_LATE = r"did not answer in time"
_CERTIFICATE = r"has no valid certificate"
MOST_REDIRECTS = 5
_NOWHERE = "nowhere.invalid"
_SLOW_NAME_S = 6.0


def _refuse(street: Street, service: str) -> None:
    street.fronts[service].refuse()


def _nowhere(street: Street, service: str) -> None:
    street.program.settings[f"{service}_url"] = f"https://{_NOWHERE}"
    street.program.settings["use_wikidata"] = False  # it is not this machine's any more
    street.program.settings[f"{service}_delay"] = 1


def _slowly_nowhere(street: Street, service: str) -> None:
    _nowhere(street, service)
    street.program.plan["slow_names"] = {_NOWHERE: _SLOW_NAME_S}


def _certificate(street: Street, service: str, *, address: str = "127.0.0.1", days: int = 30, signed: bool) -> None:
    front = street.fronts[service]
    front.tls = street.authority.context(address=address, days=days, signed=signed)
    street.program.settings[f"{service}_url"] = street.address(service)


def _no_tls(street: Street, service: str, *, answer: at.Bad) -> None:
    """TLS is expected where none is spoken."""
    front = street.fronts[service]
    street.program.settings[f"{service}_url"] = street.address(service).replace("http:", "https:")
    front.bend = lambda _: answer


def refused() -> Iterator[BadAnswer]:
    """Nobody takes the connection."""
    yield BadAnswer("connection refused", told=_UNREACHABLE, bend=_refuse, short=True)


def elsewhere() -> Iterator[BadAnswer]:
    """The service as a whole is not where it was, or is not who it should be."""
    yield from refused()
    yield BadAnswer("a name that does not exist", told=_UNREACHABLE, bend=_nowhere)
    yield BadAnswer("a name that takes 6 s not to be found", told=_UNREACHABLE, bend=_slowly_nowhere)
    yield from certificates()


def certificates() -> Iterator[BadAnswer]:
    """It does not prove who it is."""
    yield BadAnswer(
        "a certificate signed by itself",
        told=_CERTIFICATE,
        bend=lambda street, service: _certificate(street, service, signed=False),
        short=True,
    )
    yield BadAnswer(
        "an expired certificate",
        told=_CERTIFICATE,
        bend=lambda street, service: _certificate(street, service, days=-2, signed=True),
    )
    yield BadAnswer(
        "a certificate of another address",
        told=_CERTIFICATE,
        bend=lambda street, service: _certificate(street, service, address="127.0.0.9", signed=True),
    )
    yield BadAnswer(
        "no TLS where it should be",
        told=rf"{_CERTIFICATE}|{_UNREACHABLE}",
        bend=lambda street, service: _no_tls(street, service, answer=at.whole(b"Bad request", 400)),
    )
    yield BadAnswer(
        "a hang while TLS is agreed on",
        told=rf"{_LATE}|{_UNREACHABLE}",
        hangs=True,
        bend=lambda street, service: _no_tls(street, service, answer=at.hang_before),
    )


def broken() -> Iterator[BadAnswer]:
    """No whole answer comes."""
    yield BadAnswer("reset before the answer", at.reset_before, _UNREACHABLE)
    yield BadAnswer("reset within the body", at.reset_within, _UNREACHABLE, short=True)
    yield BadAnswer("a body shorter than declared", at.cut, _UNREACHABLE)
    yield BadAnswer("a hang before the answer", at.hang_before, _LATE, hangs=True)
    yield BadAnswer("a hang within the body", at.hang_within, _LATE, hangs=True)
    yield BadAnswer("a head at a byte a second", at.drip_head, _LATE, hangs=True)
    yield BadAnswer("a body at a byte a second", at.drip_body, _LATE, hangs=True)
    garbled = at.whole(b"\x1f\x8b this is no gzip at all", content_encoding="gzip")
    yield BadAnswer("a damaged gzip body", garbled, r"sent a damaged answer")


def unusable(stranger: str, most_mb: int) -> Iterator[BadAnswer]:
    """Whole answers that no reader may take; each is a BadReply.

    Args:
        stranger: URL of another host's front.
        most_mb: The longest body that may be taken.
    """
    yield from oversized(most_mb)
    yield BadAnswer("a redirect in circles", at.redirect("?again"), r"redirects in circles", most=MOST_REDIRECTS)
    for bad in strange_redirects(stranger):
        yield replace(bad, told=rf"redirects to {'no address' if 'no address' in bad.words else 'another host'}")


def oversized(most_mb: int) -> Iterator[BadAnswer]:
    """Bodies that are longer than any answer may be."""
    too_much = rf"sent more than {most_mb} MB"
    yield BadAnswer(f"a body of {most_mb} MB and a byte", at.oversized(most_mb), too_much)
    yield BadAnswer("a body without an end", at.endless, too_much)
    yield BadAnswer("a gzip body that unpacks to 400 MB", at.bomb(1), too_much)
    yield BadAnswer("the same, packed twice", at.bomb(2), too_much, short=True)


def strange_redirects(stranger: str) -> Iterator[BadAnswer]:
    """Redirects that nobody may follow; what is told of them is left open."""
    for status in (301, 303, 307, 308):
        another = at.redirect(stranger.replace("127.0.0.1", "localhost") + ELSEWHERE, status)
        yield BadAnswer(f"a redirect to another host ({status})", another)
    yield BadAnswer("a redirect to another port", at.redirect(stranger + ELSEWHERE), short=True)
    yield BadAnswer(
        "a redirect from TLS to none",
        at.redirect("http://127.0.0.1:9/"),
        bend=lambda street, service: _certificate(street, service, signed=True),
    )
    yield BadAnswer("a redirect to no address", at.redirect("http://["))


def _in_an_hour() -> str:
    return email.utils.formatdate(time.time() + _HOUR_S, usegmt=True)


def _waiting(retry_after: Callable[[], str] | None, status: int, body: bytes, wire: at.Wire) -> None:
    """Answer with a status; when to ask again is said at that moment."""
    headers = {} if retry_after is None else {"retry_after": retry_after()}
    at.whole(body, status, **headers)(wire)


def waits(bad: BadAnswer, status: int, *, default_s: float = FIRST_PAUSE_S, body: bytes = b"") -> Iterator[BadAnswer]:
    """A status, plain and with every kind of Retry-After.

    Args:
        bad: What is told of it, and the like.
        status: HTTP status.
        default_s: The pause when none is asked for.
        body: Of the answer.
    """
    asked: list[tuple[str, Callable[[], str] | None, tuple[float, float]]] = [
        ("", None, (default_s, default_s)),
        (", Retry-After of 2 minutes", lambda: "120", (120, 120)),
        (", Retry-After of a date", _in_an_hour, (_HOUR_S - 900, _HOUR_S)),
        (", Retry-After that says nothing", lambda: "soon", (default_s, default_s)),
        (", Retry-After of a year", lambda: str(int(365 * DAY_S)), (DAY_S, DAY_S)),
    ]
    for words, value, pause_s in asked:
        yield replace(
            bad,
            words=f"{status}{words}",
            give=partial(_waiting, value, status, body),
            # Where a pause may be asked for it has to be kept; elsewhere it is of no matter.
            pause_s=pause_s if bad.pause_s is not None else None,
            short=bad.short and "2 minutes" in words,
        )
