"""What is wrong with each service, since when, and when it is asked again."""

from collections.abc import Collection
from dataclasses import dataclass

from movie_sync.store import facts
from movie_sync.store.connections import Connection, Row

FINE = "fine"
BACKING_OFF = "backing_off"
NEEDS_USER = "needs_user"
# What a service asked for, or what keeps us polite: neither a person's wish nor another setting shortens it.
KEPT = frozenset({"rate_limited", "calls_used_up", "challenge"})


@dataclass(frozen=True, slots=True)
class ProviderState:
    """The stored state of one service.

    Attributes:
        state: ``fine``, ``backing_off``, or ``needs_user`` (credentials refused, or its answers changed).
        since: Unix seconds at which it came into this state.
        failures: In a row.
        asked_at: Unix seconds of the last failure.
        wait_s: Seconds to leave it alone after that.
        fingerprint: Keyed fingerprint of the credentials that were refused; None when it is not about those.
    """

    provider: str
    state: str = FINE
    since: float = 0.0
    failures: int = 0
    asked_at: float = 0.0
    wait_s: float = 0.0
    code: str | None = None
    message: str | None = None
    hint: str | None = None
    fingerprint: str | None = None

    def next_try(self, now: float) -> float:
        """Unix seconds of the next try; ``now`` or earlier when it is due.

        A stored moment that lies further off than its own wait was written by a wrong clock and counts as due.
        """
        moment = self.asked_at + self.wait_s
        return 0.0 if self.state == FINE or moment - now > self.wait_s else moment


def _state(row: Row) -> ProviderState:
    return ProviderState(**{name: row[name] for name in ProviderState.__slots__})


def get(tx: Connection, provider: str) -> ProviderState:
    """The provider's state; fine when nothing was ever stored."""
    row = tx.execute("SELECT * FROM providers WHERE provider = ?", (provider,)).fetchone()
    return _state(row) if row else ProviderState(provider)


def every(tx: Connection) -> list[ProviderState]:
    """All providers ever in trouble, by name."""
    return [_state(row) for row in tx.execute("SELECT * FROM providers ORDER BY provider")]


def keep_only(tx: Connection, names: Collection[str]) -> None:
    """Forget every provider that is not named."""
    tx.executemany(
        "DELETE FROM providers WHERE provider = ?",
        [(state.provider,) for state in every(tx) if state.provider not in names],
    )


def lift(tx: Connection, kept: Collection[str]) -> None:
    """Let every service be asked at once, also one that refused its credentials; those in ``kept`` stay alone."""
    for state in every(tx):
        if state.state != FINE and state.provider not in kept:
            tx.execute("UPDATE providers SET wait_s = 0, fingerprint = NULL WHERE provider = ?", (state.provider,))


def moved(tx: Connection, provider: str, address: str) -> bool:
    """Note where a service stands; True when that is elsewhere than before, and it may be asked at once.

    Args:
        tx: A write.
        provider: The service.
        address: A mark of its address.
    """
    name = f"address:{provider}"
    before = facts.get(tx, name)
    if before == address:
        return False
    facts.put(tx, name, address)
    if before is None or get(tx, provider).code in KEPT:
        return False
    tx.execute("UPDATE providers SET wait_s = 0, fingerprint = NULL WHERE provider = ?", (provider,))
    return True


def put(tx: Connection, state: ProviderState) -> None:
    """Store a state in place of the one before."""
    tx.execute(
        "INSERT OR REPLACE INTO providers (provider, state, since, failures, asked_at, wait_s, code, message, hint,"
        " fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tuple(getattr(state, name) for name in ProviderState.__slots__),
    )
