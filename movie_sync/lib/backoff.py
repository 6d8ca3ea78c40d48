"""How long a provider is left alone after it failed, and how long a film waits for its next try. Pure."""

from dataclasses import dataclass

# 1 m, 5 m, 15 m, 30 m, 1 h … 24 h
PROVIDER_STEPS_S = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0)
# A film the tracker does not have is searched again after 1, 3, 7, then every 14 days.
SEARCH_AGAIN_S = (86400.0, 3 * 86400.0, 7 * 86400.0, 14 * 86400.0)


def provider_wait_s(failures: int) -> float:
    """Seconds to leave a provider alone after its nth failure in a row, n at least 1."""
    return PROVIDER_STEPS_S[min(failures, len(PROVIDER_STEPS_S)) - 1]


def search_again_s(searches: int) -> float:
    """Seconds until the next search of a film that n searches, n at least 1, did not find."""
    return SEARCH_AGAIN_S[min(searches, len(SEARCH_AGAIN_S)) - 1]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a film that failed by its own fault is tried again.

    Attributes:
        interval_s: Wait before the first retry.
        multiplier: Each further wait is this many times the one before; at least 1.
        max_retries: After the last of these fails too, the film is permanent; 0 means no retry.
    """

    interval_s: float = 3600.0
    multiplier: float = 2.0
    max_retries: int = 5

    def wait_s(self, retry: int) -> float | None:
        """Seconds before retry n (from 1), None when there is none left: with the defaults 1, 2, 4, 8, 16 h."""
        if retry > self.max_retries:
            return None
        return float(self.interval_s * self.multiplier ** (retry - 1))
