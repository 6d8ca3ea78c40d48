"""Known vulnerabilities of everything that is locked: ``make audit``.

pip-audit asks the vulnerability index, by name and version alone. An index that cannot be reached, or that does not
even know the vulnerabilities of a version that is known to have some, is no good news: then nothing was tried.

Exit codes: 0 none are known, 1 some are, 69 (EX_UNAVAILABLE of sysexits.h) not tried.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reliability.locks import everything, locked

EXIT_NONE, EXIT_FOUND, EXIT_NOT_TRIED = 0, 1, 69
# PYSEC-2020-96 and others, public since 2020: an index that does not know them knows nothing.
KNOWN_BAD = "pyyaml==5.3"
CANNOT_BE_REACHED = "the vulnerability index cannot be reached"
KNOWS_NOTHING = f"the vulnerability index does not know those of {KNOWN_BAD}, so its silence says nothing"
NO_TOOL = "pip-audit is not installed; make audit installs it"
TOOL = Path(__file__).resolve().parents[1] / ".venv-tools" / "bin" / "pip-audit"
_ANSWER_S = 10
_TOTAL_S = 300


@dataclass(frozen=True, slots=True)
class Audit:
    """What the index said.

    Attributes:
        asked: How many locked versions it was asked about; 0: it was not tried.
        found: Each known vulnerability in a sentence.
        why_not: Why it was not tried; "" when it was.
    """

    asked: int = 0
    found: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def exit_code(self) -> int:
        """0 none, 1 some, 69 not tried."""
        return EXIT_NOT_TRIED if self.why_not else EXIT_FOUND if self.found else EXIT_NONE


def audit(pins: list[str], *, tool: Path = TOOL, index: str | None = None) -> Audit:
    """Ask the vulnerability index about exact versions.

    Args:
        pins: ``name==version``, each once.
        tool: The program pip-audit.
        index: Address of an index that speaks OSV's query API; None: the one that pip-audit knows.
    """
    if not tool.exists():
        return Audit(why_not=NO_TOOL)
    with tempfile.TemporaryDirectory(prefix="movie-sync-") as folder:
        asked = Path(folder) / "asked.txt"
        asked.write_text("\n".join([*pins, KNOWN_BAD, ""]), encoding="utf-8")
        command = [str(tool), "--requirement", str(asked), "--disable-pip", "--no-deps", "--progress-spinner", "off"]
        command += ["--vulnerability-service", "osv", "--format", "json", "--timeout", str(_ANSWER_S)]
        command += ["--cache-dir", str(Path(folder) / "cache"), *(["--osv-url", index] if index else [])]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=_TOTAL_S, check=False)
        except subprocess.TimeoutExpired:
            return Audit(why_not=CANNOT_BE_REACHED)
    return _read(json.loads(answer.stdout), pins) if answer.stdout.strip() else _no_answer(answer.stderr)


def _no_answer(words: str) -> Audit:
    """pip-audit ends with a traceback where the network, or the index, does; any other end is a fault of its own."""
    last = (words.strip().splitlines() or ["no word"])[-1]
    if any(name in last for name in ("ConnectionError", "Timeout", "ProxyError", "SSLError", "ServiceError")):
        return Audit(why_not=CANNOT_BE_REACHED)
    return Audit(found=(f"pip-audit failed: {last}",))


def _read(report: dict[str, Any], pins: list[str]) -> Audit:
    told = {f"{one['name']}=={one['version']}": one["vulns"] for one in report["dependencies"] if "vulns" in one}
    if not told.pop(KNOWN_BAD, None):
        return Audit(why_not=KNOWS_NOTHING)
    if missing := sorted(set(pins) - told.keys()):
        return Audit(why_not=f"the vulnerability index gave no answer about {', '.join(missing)}")
    return Audit(len(told), tuple(_sentence(pin, one) for pin in pins for one in told[pin]))


def _sentence(pin: str, vulnerability: dict[str, Any]) -> str:
    mended = " or ".join(vulnerability["fix_versions"])
    again = f"make lock ARGS=--upgrade-package={pin.partition('==')[0]}"
    return f"{pin} has {vulnerability['id']}, " + (f"mended in {mended}: {again}" if mended else "not mended yet")


def main() -> int:
    """Audit every lock, and say what came of it."""
    found = audit(everything(locked().values()))
    if found.why_not:
        print(f"not tried: {found.why_not}")
    for sentence in found.found:
        print(sentence, file=sys.stderr)
    if not found.why_not:
        print(f"{found.asked} locked versions, {len(found.found)} known vulnerabilities")
    return found.exit_code


if __name__ == "__main__":
    sys.exit(main())
