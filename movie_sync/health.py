"""ProviderHealth: which service is in trouble, since when, who has to act, and when it is asked again."""

import hashlib
import logging
from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from pathlib import Path

from movie_sync.errors import AuthFailed, BadReply, NeedsPerson, ProviderError, Unavailable
from movie_sync.lib.backoff import provider_wait_s
from movie_sync.lib.clock import Clock, span_text
from movie_sync.lib.files import write_whole
from movie_sync.lib.redaction import redact
from movie_sync.store import Store, history, providers
from movie_sync.store.providers import BACKING_OFF, FINE, NEEDS_USER, ProviderState

log = logging.getLogger(__name__)

# What only a person can mend is looked at again this often all the same, where looking costs nothing.
_PERSON_S = 3600.0
# Looking at a disk costs nothing, so a folder that is back, or room on it, is seen soon.
_LONGEST_S = {"library": 300.0, "disk": 300.0}
FOREVER = float("inf")
# What is said when trouble ends, of what is no service that answers.
_FINE_AGAIN = {
    "disk": "The disk has room again",
    "library": "The library is there again",
    "csv": "Every export can be read again",
    "cleanup": "Nothing waits for a word on clean-up any more",
}


class ProviderHealth:
    """Stored state of every service, with one log line when trouble begins and one when it ends.

    Args:
        store: Where states are kept, across restarts.
        clock: Wall time.
        samples: Folder for one redacted sample of an answer that could not be read.
        fingerprints: Provider to the keyed fingerprint of its credentials; a provider without any is left out.
    """

    def __init__(self, store: Store, clock: Clock, samples: Path, fingerprints: Mapping[str, str]) -> None:
        self._store = store
        self._clock = clock
        self._samples = samples
        self._fingerprints = fingerprints

    def now(self) -> float:
        """Unix seconds, by the clock that decides when a provider may be asked."""
        return self._clock.now()

    def state(self, provider: str) -> ProviderState:
        """What is stored; fine when its credentials were refused and are others now."""
        with self._store.read() as tx:
            state = providers.get(tx, provider)
        if state.fingerprint is not None and state.fingerprint != self._fingerprints.get(provider):
            return ProviderState(provider)
        return state

    def every(self) -> list[ProviderState]:
        """All providers that are in trouble now, by name."""
        with self._store.read() as tx:
            names = [state.provider for state in providers.every(tx)]
        return [state for state in map(self.state, names) if state.state != FINE]

    def next_try(self, provider: str) -> float:
        """Unix seconds before which the provider is to be left alone; now or earlier when it may be asked.

        `FOREVER` while the refused credentials are still the same.
        """
        now = self._clock.now()
        state = self.state(provider)
        return FOREVER if state.fingerprint is not None else state.next_try(now)

    def failed(self, error: ProviderError) -> ProviderState:
        """Note a failure and how long the provider is left alone now; a refusal merely remembered is no news."""
        if isinstance(error, AuthFailed) and error.remembered:
            return self.state(error.provider)
        now = self._clock.now()
        before = self.state(error.provider)
        failures = before.failures + 1
        needs_user = isinstance(error, AuthFailed | BadReply | NeedsPerson)
        kind = NEEDS_USER if needs_user else BACKING_OFF
        state = ProviderState(
            error.provider,
            kind,
            before.since if before.state == kind else now,
            failures,
            now,
            self._wait_s(error, failures),
            error.code,
            redact(error.message),
            redact(error.hint),
            self._fingerprints.get(error.provider) if isinstance(error, AuthFailed) else None,
        )
        with self._store.write() as tx:
            providers.put(tx, state)
            if before.state != kind:
                history.append(tx, now, None, f"{error.provider}_{kind}", redact(str(error)))
        if before.state != kind:
            until = "when that is mended" if state.fingerprint else f"in {span_text(state.wait_s)}"
            log.warning("%s Next try %s.", error, until)
        if isinstance(error, BadReply):
            self.keep_sample(error)
        return state

    @staticmethod
    def _wait_s(error: ProviderError, failures: int) -> float:
        if isinstance(error, Unavailable) and error.retry_after_s is not None:
            return max(error.retry_after_s, provider_wait_s(1))
        if isinstance(error, AuthFailed | BadReply):
            return max(_PERSON_S, provider_wait_s(failures))
        return min(provider_wait_s(failures), _LONGEST_S.get(error.provider, FOREVER))

    def other_credentials(self, provider: str) -> bool:
        """True when credentials were refused and the ones at hand are others."""
        with self._store.read() as tx:
            refused = providers.get(tx, provider).fingerprint
        return refused is not None and refused != self._fingerprints.get(provider)

    def moved(self, provider: str, address: Hashable) -> bool:
        """Note where a provider stands; True when that is elsewhere than before: what went wrong there is past then.

        A pause it asked for stays. Kept as a mark alone, since an address may hold a log-in.
        """
        mark = hashlib.sha256(repr(address).encode()).hexdigest()[:16]
        with self._store.write() as tx:
            return providers.moved(tx, provider, mark)

    def forget_others(self, in_use: Collection[str]) -> None:
        """Drop the states of services that are not used any more."""
        with self._store.write() as tx:
            providers.keep_only(tx, in_use)

    def fine(self, provider: str) -> bool:
        """Note that the provider answered well; True when it was in trouble before."""
        with self._store.read() as tx:
            before = providers.get(tx, provider)
        if before.state == FINE:
            return False
        now = self._clock.now()
        with self._store.write() as tx:
            providers.put(tx, replace(ProviderState(provider), since=now))
            text = _FINE_AGAIN.get(provider, f"{provider} answers again")
            history.append(tx, now, None, f"{provider}_fine", f"{text}.")
        log.info("%s after %s.", text, span_text(now - before.since))
        return True

    def not_needed(self, provider: str) -> None:
        """Nothing is to be asked of it now: what went wrong there troubles nobody any more."""
        if self.state(provider).state != FINE:
            with self._store.write() as tx:
                providers.put(tx, ProviderState(provider))
            log.info("%s is not needed any more.", provider)

    def keep_sample(self, error: BadReply) -> None:
        """Keep the beginning of an answer nobody could read, redacted, in place of the one before."""
        if not error.sample:
            return
        sample = redact(error.sample.decode("utf-8", "replace")).encode()
        try:
            write_whole(self._samples / f"bad_reply_{error.provider}.txt", sample)
        except OSError:
            log.warning("No sample of the answer could be kept in %s.", self._samples)
