"""What one fault came to: a row of doc/reliability.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tried:
    """One fault, tried any number of times.

    Attributes:
        part: The heading it stands under, such as "Kills".
        fault: What was done, in a few words.
        seen: What the user sees of it, in the program's own words; "" when there is nothing to see.
        tries: How often; 0: it could not be tried.
        lost: What the invariant check found wrong, one sentence each; empty: nothing lost, doubled or leaked.
        why_not: Which right or program is missing when it could not be tried; "" else.
    """

    part: str
    fault: str
    seen: str = ""
    tries: int = 0
    lost: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def failed(self) -> bool:
        """True when anything was lost."""
        return bool(self.lost)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to try.

    Attributes:
        long: The long run; else the short one, minutes in all.
        seed: Of everything random; the same seed tries the same.
        scenario: Kills alone: this one of theirs and nothing else; "": all.
    """

    long: bool = False
    seed: int = 1
    scenario: str = ""
